"""What may go wrong between the record and those who write to it or read it."""


class RecordError(Exception):
    """Something about the record. The sentence names no person."""


class Unavailable(RecordError):
    """The database cannot be reached, is locked, or has no room. Nothing was recorded; the same again may succeed."""


class TurnedAway(Unavailable):
    """The database's server answers, and opens no connection: the password is wrong, say. Nothing was recorded.

    `words` are the server's own. They may name the role and the database, and never the password.
    """

    def __init__(self, sentence: str, words: str) -> None:
        super().__init__(sentence)
        self.words = words


class Conflict(RecordError):
    """An event is recorded already under the same key, with other content. Nothing of the batch was recorded.

    This never happens by itself: somebody has reset a workflow, or has changed the database. A person must look.
    """


class Gap(RecordError):
    """Events are missing between the recorded ones and those that were given. Nothing of the batch was recorded.

    `recorded` is the sequence of the last event that the record has; the events after it are wanted.
    """

    def __init__(self, key: str, recorded: int, given: int) -> None:
        super().__init__(f"{key}: event {recorded} is the last one recorded, and event {given} cannot follow it")
        self.recorded = recorded


class NotErasable(RecordError):
    """Personal data may not be erased, or not in this way. Nothing was erased."""


class BadOrder(RecordError):
    """What somebody says who erases cannot stand on the timeline. Nothing was erased."""


class WrongUrl(RecordError):
    """CERTPATH_RECORD_URL cannot be used. The sentence says what it must look like, without the password."""


class Missing(RecordError):
    """There is no record at this address yet, or it lacks tables that this build needs."""


class OlderTables(Missing):
    """There is a record, and its tables are those of an older build."""


class NotAllowed(Unavailable):
    """The role of the record's address may not do this. Nothing was recorded."""


class UnknownRole(RecordError):
    """There is no role of this name in the record's database."""


class NewerTables(RecordError):
    """A newer build has changed the tables by a step that does not only add, and that this build does not know."""


class BadHead(RecordError):
    """A file has no head of a record, or one of a kind that this build does not read."""


class ForgedHead(RecordError):
    """A head is not what its signer has signed, or is not signed with the key that is known."""


class BadKey(RecordError):
    """A key file cannot be used. The sentence shows nothing of it."""
