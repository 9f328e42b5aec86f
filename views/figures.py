"""What the figures of `summary` count of one candidacy: of its answer of `status`, live or in the record."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from domain.calendar import day_of

if TYPE_CHECKING:
    from views.status import StatusView


class Tries(NamedTuple):
    """One assessment: how many attempts are used, and whether it is passed."""

    attempts: int
    passed: bool


class Days(NamedTuple):
    """How long the way to the certificate was, in calendar days of the body's zone; None where the start is unknown."""

    from_registration: int | None
    from_purchase: int | None


def tries(view: StatusView) -> dict[str, Tries]:
    """Each assessment of a candidacy on the standard path, by domain."""
    return {domain: Tries(one.attempts, one.status == "passed") for domain, one in view.assessments.items()}


def days_to_certificate(view: StatusView, zone: str) -> Days | None:
    """From registration and from purchase to the certificate; None for a candidacy that was never certified.

    `zone` is for an answer that names none, as those of older builds do.
    """
    certified_on = view.certificate.certified_on if view.certificate else None
    if certified_on is None:
        return None
    start = view.zone or zone
    return Days(_between(view.registered_at, certified_on, start), _between(view.purchased_at, certified_on, start))


def _between(moment: datetime | None, day: date, zone: str) -> int | None:
    return (day - day_of(moment, zone)).days if moment else None
