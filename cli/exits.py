"""How a command ends: the exit codes of the public contract, an exception for each, and the tables of errors.

`client/` and `record/` know no exit codes. `of` and `of_record` are the only places that give an error its exit code.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from client import errors
from record import errors as record_errors
from runtime import interrupts

DONE = 0
REFUSED = 1
BAD_INPUT = 2
UNREACHABLE = 3
INTERRUPTED = interrupts.INTERRUPTED

HELP = f"""\
exit codes: {DONE} done; {REFUSED} refused by the rules, closed, not found, declined or failed;
{BAD_INPUT} bad usage or input, nothing was done;
{UNREACHABLE} Temporal or the record cannot be reached, or no worker answers;
{INTERRUPTED} interrupted by Ctrl-C
"""
"""What each code means, for the help of every verb."""
ROWS_HELP = f"""\
exit codes: {DONE} done, also where results are held, see `attention`;
{REFUSED} a row was refused, failed, bad, closed or unknown, see the outcome file;
{BAD_INPUT} bad usage or bad rows, nothing was started;
{UNREACHABLE} Temporal or the record cannot be reached, or no worker answers;
{INTERRUPTED} interrupted by Ctrl-C, run it again
"""
"""The same for the verbs with an outcome file."""


class Stop(Exception):
    """Ends the command. The message is for people: what is wrong, and what to do.

    `notes` are further lines, one for each wrong field; `facts` go into the document of `--json`.
    """

    code: ClassVar[int] = REFUSED
    kind: ClassVar[str] = "failed"

    def __init__(self, sentence: str, notes: Sequence[str] = (), **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.notes = tuple(notes)
        self.facts = facts

    @property
    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {"error": {"kind": self.kind, "message": self.sentence, **self.facts}}


class Refused(Stop):
    """Understood, but against the rules."""

    kind = "refused"


class NotFound(Stop):
    """There is nothing with that id or number."""

    kind = "not-found"


class Closed(Stop):
    """The candidacy is closed and answers no message any more (rule 29)."""

    kind = "closed"


class BadInput(Stop):
    """What was given cannot be understood."""

    code = BAD_INPUT
    kind = "bad-input"


class Unreachable(Stop):
    """Temporal cannot be reached, or refuses to serve us."""

    code = UNREACHABLE
    kind = "unreachable"


class NoWorker(Stop):
    """Temporal answers, but no worker does."""

    code = UNREACHABLE
    kind = "no-worker"


class NoRecord(Stop):
    """The record cannot be reached, or is not there yet."""

    code = UNREACHABLE
    kind = "no-record"


_STOPS: tuple[tuple[type[errors.ClientError], type[Stop]], ...] = (
    (errors.BadInput, BadInput),
    (errors.Refused, Refused),
    (errors.NotFound, NotFound),
    (errors.Closed, Closed),
    (errors.NoWorker, NoWorker),
    (errors.Unreachable, Unreachable),
    (errors.ClientError, Stop),
)


def of(error: errors.ClientError, notes: Sequence[str] = (), **facts: Any) -> Stop:
    """How a command ends because of a client's error; with further notes and facts, where the verb has some."""
    kind = next(stop for known, stop in _STOPS if isinstance(error, known))
    return kind(error.sentence, [*error.notes, *notes], **_facts(error), **facts)


_RECORD_STOPS: tuple[tuple[type[record_errors.RecordError], type[Stop]], ...] = (
    (record_errors.WrongUrl, BadInput),
    (record_errors.BadHead, BadInput),
    (record_errors.BadKey, BadInput),
    (record_errors.UnknownRole, BadInput),
    (record_errors.BadOrder, BadInput),
    (record_errors.NotErasable, Refused),
    (record_errors.Unavailable, NoRecord),
    (record_errors.Missing, NoRecord),
    (record_errors.RecordError, Stop),
)


def of_record(error: record_errors.RecordError, further: Sequence[str] = ()) -> Stop:
    """How a command ends because of the record; with further notes, where the verb has some."""
    kind = next(stop for known, stop in _RECORD_STOPS if isinstance(error, known))
    sentence = str(error)
    notes = ["CERTPATH_RECORD_URL says where the record is."] if kind is NoRecord else []
    return kind(f"{sentence[0].upper()}{sentence[1:].rstrip('.')}.", [*notes, *further])


def _facts(error: errors.ClientError) -> dict[str, Any]:
    """The attributes of an error that the document of `--json` has."""
    if isinstance(error, errors.InvalidFields):
        return {"errors": [one._asdict() for one in error.errors]}
    if isinstance(error, errors.WhichDesignation):
        return {"candidacies": [{"designation": code, "status": status} for code, status in error.found]}
    if isinstance(error, errors.NotJson) and error.line is not None:
        return {"line": error.line, "column": error.column}
    if isinstance(error, errors.FormatNotRead):
        return {"reads": error.reads, "needed": error.needed}
    if isinstance(error, errors.NoWorkerOfBuild):
        return {"build": error.build}
    if isinstance(error, errors.NotFound):
        return {"workflow_id": error.workflow_id}
    if isinstance(error, errors.Closed):
        return {"workflow_id": error.workflow_id, "status": error.status}
    if isinstance(error, errors.Refused) and error.code is not None:
        return {"code": error.code}
    return {}
