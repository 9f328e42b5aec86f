"""The candidate's contact details, and the check that a reviewer is not the candidate (rules 15, 25)."""

from __future__ import annotations

from domain.commands import Command, Contact, UpdateContact
from domain.decision import Decision, Matter, Refused
from domain.events import ContactUpdated
from domain.matters.attention import delivery_settled
from domain.state import State
from domain.vocabulary import RefusalCode


def not_the_candidate(decision: Decision, reviewer: str) -> None:
    """Checks that the reviewer is not the candidate, by candidate id and by e-mail address (rule 15).

    Raises:
        Refused: the reviewer is the candidate.
    """
    given = reviewer.strip().casefold()
    own_address = decision.contact is not None and decision.contact.email.casefold() in given
    if own_address or given == decision.state.candidate_id.casefold():
        raise Refused(RefusalCode.OWN_REVIEWER, "the reviewer must not be the candidate")


def update_contact(decision: Decision, command: UpdateContact) -> None:
    """Records which contact details changed. The details themselves are kept beside the state (rule 25)."""
    given = {"name": command.name, "email": command.email, "publish": command.publish}
    changed = tuple(
        field
        for field, value in given.items()
        if value is not None and (decision.contact is None or getattr(decision.contact, field) != value)
    )
    if changed:
        decision.record(ContactUpdated, changed=changed)


def contact_after(contact: Contact, command: Command) -> Contact:
    """The contact details after this command. They are kept beside the state, and in no event (rule 25)."""
    if not isinstance(command, UpdateContact):
        return contact
    given = command.model_dump(include={"name", "email", "publish"}, exclude_none=True)
    return contact.model_copy(update=given)


def on_contact_updated(state: State, event: ContactUpdated) -> State:
    return delivery_settled(state) if "email" in event.changed else state


MATTER = Matter(deciders={UpdateContact: update_contact}, folds={ContactUpdated: on_contact_updated})
