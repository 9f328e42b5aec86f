"""The answer of the `contact` query, as one type: how to reach the candidate, and what was given with the registration.

It holds personal data (rule 25), so it is an answer to a question and nothing else: no part of it may be logged. Every
field has a default, as in `views/status.py`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from domain import calendar
from domain.types import Frozen, Instant

if TYPE_CHECKING:
    # Clients read the answer: they need no command and no state.
    from domain.commands import Registration
    from domain.personal import ContactRecord
    from domain.state import State


class PurchaseView(Frozen):
    """The confirmed purchase. `purchased_on` is its day in the body's zone."""

    reference: str = ""
    purchased_at: Instant | None = None
    purchased_on: date | None = None


class ExperienceRecordView(Frozen):
    """One record of experience. `met_on` is the day from which it counts; None if it ended too early to count."""

    role: str = ""
    started_on: date | None = None
    ended_on: date | None = None
    attested_by: str | None = None
    met_on: date | None = None


class FormerContactView(Frozen):
    """The details that were replaced at the instant `until` (UTC); None for those that stayed as they were."""

    name: str | None = None
    email: str | None = None
    publish: bool | None = None
    until: Instant | None = None


class ContactView(Frozen):
    """The details of today, and in `former` those before, the oldest first.

    `sequence` is the number of the newest event; 0 while the registration is not taken up yet.
    """

    candidate_id: str = ""
    designation: str = ""
    name: str = ""
    email: str = ""
    publish: bool = False
    purchase: PurchaseView | None = None
    experience: tuple[ExperienceRecordView, ...] = ()
    former: tuple[FormerContactView, ...] = ()
    sequence: int = 0

    def document(self) -> dict[str, Any]:
        """The answer as a JSON document."""
        return self.model_dump(mode="json")

    @classmethod
    def parse(cls, answer: object) -> ContactView:
        """The answer of a query, as it came.

        Raises:
            ValueError: it is no answer of this query.
        """
        return cls.model_validate(answer)


def contact_view(state: State, contact: ContactRecord) -> ContactView:
    """The contact details of a candidacy, with its purchase and its experience."""
    window = state.window
    purchase = None
    if window:
        purchased_on = calendar.day_of(window.purchased_at, state.zone)
        purchase = PurchaseView(reference=window.reference, purchased_at=window.purchased_at, purchased_on=purchased_on)
    view = ContactView(
        candidate_id=state.candidate_id,
        designation=state.designation,
        purchase=purchase,
        experience=tuple(ExperienceRecordView(**claim.model_dump()) for claim in state.experience),
        former=tuple(FormerContactView(**former.model_dump()) for former in contact.former),
        sequence=state.sequence,
    )
    return view.model_copy(update=contact.details)


def contact_before(registration: Registration) -> ContactView:
    """The contact details of a candidacy that has started, while its scheme is still being loaded."""
    view = ContactView(candidate_id=registration.candidate_id, designation=registration.designation)
    return view.model_copy(update=registration.contact.model_dump())
