"""Contact details, their erasure, and the check that a reviewer is not the candidate (rules 15, 25; R9)."""

from __future__ import annotations

from domain.commands import CONTACT_DETAILS, UpdateContact
from domain.decision import Decision, Matter, Refused
from domain.events import ContactUpdated, Erased
from domain.matters.attention import delivery_settled
from domain.state import State
from domain.vocabulary import RefusalCode


def not_the_candidate(decision: Decision, reviewer: str, *, namesake: bool | None = None) -> None:
    """Checks that the reviewer is not the candidate (rule 15, R9).

    The reviewer is compared with the candidate's id, and with every address and name that the candidate has had.
    `namesake` is what the message says in `not_the_candidate`: an equal name is then another person's.

    Raises:
        Refused: the reviewer is the candidate, or has the candidate's name and the message does not say
            `not_the_candidate`.
    """
    state, contact = decision.state, decision.contact
    own_id = reviewer.strip().casefold() == state.candidate_id.casefold()
    if own_id or (contact and contact.has_address(reviewer, state.candidate_id)):
        raise Refused(RefusalCode.OWN_REVIEWER, "the reviewer must not be the candidate")
    if contact and contact.has_name(reviewer, state.candidate_id) and not namesake:
        raise Refused(
            RefusalCode.OWN_REVIEWER,
            "the reviewer has a name of the candidate; if this is another person, say so with not_the_candidate",
        )


def update_contact(decision: Decision, command: UpdateContact) -> None:
    """Records which contact details changed. The details themselves are kept beside the state (rule 25)."""
    given = {detail: getattr(command, detail) for detail in CONTACT_DETAILS}
    changed = tuple(
        detail
        for detail, value in given.items()
        if value is not None and (decision.contact is None or getattr(decision.contact, detail) != value)
    )
    if changed:
        decision.record(ContactUpdated, changed=changed)


def on_contact_updated(state: State, event: ContactUpdated) -> State:
    return delivery_settled(state) if "email" in event.changed else state


def on_erased(state: State, event: Erased) -> State:
    return state.having(erased_at=event.at)


MATTER = Matter(deciders={UpdateContact: update_contact}, folds={ContactUpdated: on_contact_updated, Erased: on_erased})
