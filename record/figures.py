"""Figures about many candidacies: how many stand where, how many pass, and how long certification takes."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, func, select

from record.finding import Wanted, chosen
from record.json_values import Json
from record.tables import CANDIDACIES
from views import figures as of_one
from views.figures import Days, Tries

if TYPE_CHECKING:
    from views.status import StatusView


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the candidacies on the standard path: how many have used an attempt in a domain, and how many have passed."""

    domain: str
    attempted: int
    passed: int
    passed_first: int


class Certified(NamedTuple):
    """A candidacy that was certified. Instants and the day are texts, as the tables and the views have them."""

    designation: str
    registered_at: str
    purchased_at: str | None
    certified_on: str


def counts(connection: Connection, wanted: Wanted) -> dict[tuple[str, str], int]:
    """How many enrolments there are, by designation and status."""
    both = (CANDIDACIES.c.designation, CANDIDACIES.c.status)
    asked = chosen(connection, select(*both, func.count()), wanted).group_by(*both).order_by(*both)
    return {(designation, status): number for designation, status, number in connection.execute(asked)}


def rates(connection: Connection, wanted: Wanted) -> list[Rate]:
    """How each domain stands today, in the order of the domains' names."""
    tallies: dict[str, Rate] = {}
    alike = select(CANDIDACIES.c.tries, func.count()).where(CANDIDACIES.c.tries.is_not(None))
    for text, number in connection.execute(chosen(connection, alike, wanted).group_by(CANDIDACIES.c.tries)):
        _add(tallies, {domain: Tries(*one) for domain, one in json.loads(text).items()}, number)
    for view in _not_counted(connection, wanted):
        _add(tallies, of_one.tries(view), 1)
    return [tallies[domain] for domain in sorted(tallies)]


def days_to_certificate(connection: Connection, wanted: Wanted, zone: str) -> Counter[Days]:
    """How many of those who were ever certified took how long. `zone` is for a row that names none."""
    both = (CANDIDACIES.c.days_from_registration, CANDIDACIES.c.days_from_purchase)
    alike = chosen(connection, select(*both, func.count()), wanted).where(both[0].is_not(None)).group_by(*both)
    found = Counter({Days(*days): number for *days, number in connection.execute(alike)})
    for view in _not_counted(connection, wanted):
        if days := of_one.days_to_certificate(view, zone):
            found[days] += 1
    return found


def certified(connection: Connection, wanted: Wanted) -> Iterator[Certified]:
    """Everybody who was ever certified, with the days from which the way there is counted."""
    purchased_at = Json(connection).text(CANDIDACIES.c.view, "purchased_at")
    asked = select(CANDIDACIES.c.designation, CANDIDACIES.c.registered_at, purchased_at, CANDIDACIES.c.certified_on)
    asked = asked.where(CANDIDACIES.c.certified_on.is_not(None))
    return (Certified._make(row) for row in connection.execute(chosen(connection, asked, wanted)))


def _not_counted(connection: Connection, wanted: Wanted) -> Iterator[StatusView]:
    """The answers of `status` in the rows of an older build, which does not know the columns for figures.

    Only where there are such rows the module of the answers is loaded, by its name, and pydantic with it.
    """
    asked = select(CANDIDACIES.c.view).where(CANDIDACIES.c.tries.is_(None))
    for text in connection.execute(chosen(connection, asked, wanted)).scalars():
        view: StatusView = importlib.import_module("views.status").StatusView.parse_json(text)
        yield view


def _add(tallies: dict[str, Rate], assessments: Mapping[str, Tries], number: int) -> None:
    for domain, one in assessments.items():
        before = tallies.get(domain, Rate(domain, 0, 0, 0))
        tallies[domain] = Rate(
            domain,
            before.attempted + number * (one.attempts > 0),
            before.passed + number * one.passed,
            before.passed_first + number * (one.passed and one.attempts == 1),
        )
