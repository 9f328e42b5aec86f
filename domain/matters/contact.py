"""Who the candidate is: contact details that change, and a reviewer who must be somebody else (rules 15, 25)."""

from __future__ import annotations

from domain.commands import Command, Contact, UpdateContact
from domain.decision import Decision, Matter, Refused
from domain.events import ContactUpdated
from domain.matters.attention import UNDELIVERABLE
from domain.state import State
from domain.vocabulary import RefusalCode


def not_the_candidate(decision: Decision, reviewer: str) -> None:
    """Refuses a reviewer who is the candidate, by id or by e-mail address (rule 15)."""
    told = reviewer.strip().casefold()
    own_address = decision.contact is not None and decision.contact.email.casefold() in told
    if own_address or told == decision.state.candidate_id.casefold():
        raise Refused(RefusalCode.OWN_REVIEWER, "the reviewer must not be the candidate")


def update_contact(decision: Decision, command: UpdateContact) -> None:
    """Notes which contact details changed; the details themselves are kept beside the state."""
    given = {"name": command.name, "email": command.email, "publish": command.publish}
    changed = tuple(
        field
        for field, value in given.items()
        if value is not None and (decision.contact is None or getattr(decision.contact, field) != value)
    )
    if changed:
        decision.record(ContactUpdated, changed=changed)


def contact_after(contact: Contact, command: Command) -> Contact:
    """The contact details after a command that was taken. They stand beside the state, in no event (rule 25)."""
    if not isinstance(command, UpdateContact):
        return contact
    given = command.model_dump(include={"name", "email", "publish"}, exclude_none=True)
    return contact.model_copy(update=given)


def on_contact_updated(state: State, event: ContactUpdated) -> State:
    return state.resolving(UNDELIVERABLE) if "email" in event.changed else state


MATTER = Matter(deciders={UpdateContact: update_contact}, folds={ContactUpdated: on_contact_updated})
