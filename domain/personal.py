"""Personal data: the candidate's contact details, and what they were before. Kept beside the state (rule 25, R9).

None of it may get into an event, a log line, a workflow id or a search attribute.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from domain.commands import CONTACT_DETAILS, MAX_KNOWN, Command, Contact, UpdateContact
from domain.stored import Stored
from domain.texts import address_key, addresses_in, name_key
from domain.types import Instant

MAX_FORMER = 20
"""So many earlier details are kept to be shown."""


class FormerContact(Stored):
    """The details that were replaced at the instant `until` (UTC); None for those that stayed as they were."""

    name: str | None = None
    email: str | None = None
    publish: bool | None = None
    until: Instant

    @property
    def details(self) -> dict[str, str | bool]:
        """The details that were replaced, by their names."""
        return self.model_dump(include=set(CONTACT_DETAILS), exclude_none=True)


class ContactRecord(Stored):
    """The candidate's contact details of today, those before, the oldest first, and hashes of every earlier one.

    The hashes in `known` are salted with the candidate id, so that the same address has another hash for each person,
    and the same one in the candidacy for a higher designation. A text is kept as it was taken, however strict the
    messages of today are: an old journal must stay readable.
    """

    name: str
    email: str
    publish: bool = False
    former: tuple[FormerContact, ...] = ()
    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, contact: Contact, known: tuple[str, ...] = ()) -> ContactRecord:
        """The record of a candidate who has just registered. `known` is that of the lower candidacy."""
        return cls(**contact.model_dump(), known=known)

    @property
    def details(self) -> dict[str, str | bool]:
        """The details of today, by their names."""
        return self.model_dump(include=set(CONTACT_DETAILS))

    @property
    def names(self) -> tuple[str, ...]:
        """The name of today and those before that are still kept."""
        return (self.name, *(former.name for former in reversed(self.former) if former.name))

    def after(self, command: Command, at: datetime, candidate_id: str) -> ContactRecord:
        """The record after this command, which is taken at this instant (UTC)."""
        if not isinstance(command, UpdateContact):
            return self
        given = command.model_dump(include=set(CONTACT_DETAILS), exclude_none=True)
        replaced = {field: getattr(self, field) for field, value in given.items() if getattr(self, field) != value}
        if not replaced:
            return self
        changes: dict[str, object] = {
            **given,
            "former": (*self.former, FormerContact(**replaced, until=at))[-MAX_FORMER:],
            "known": self._knowing(candidate_id, name_key(self.name), address_key(self.email)),
        }
        return self.model_copy(update=changes)

    def _knowing(self, candidate_id: str, *keys: str) -> tuple[str, ...]:
        """The hashes with those of these keys; only the newest are kept."""
        new = [_hash(candidate_id, key) for key in keys]
        return (*(one for one in self.known if one not in new), *new)[-MAX_KNOWN:]

    def has_address(self, text: str, candidate_id: str) -> bool:
        """Whether the text is, or contains, an e-mail address that the candidate has or had (R9)."""
        keys = {address_key(text), *addresses_in(text)}
        return address_key(self.email) in keys or any(_hash(candidate_id, key) in self.known for key in keys)

    def has_name(self, text: str, candidate_id: str) -> bool:
        """Whether the text is a name that the candidate has or had; case, accents and white space are ignored (R9)."""
        key = name_key(text)
        return bool(key) and (key == name_key(self.name) or _hash(candidate_id, key) in self.known)


class Delivery(Stored):
    """A notice that went out: the event that it is about, when it was handed over (UTC), and to which address."""

    about: int
    notice: str
    message_id: str
    sent_at: Instant
    email: str


def _hash(candidate_id: str, key: str) -> str:
    return hashlib.sha256(f"{candidate_id}:{key}".encode()).hexdigest()
