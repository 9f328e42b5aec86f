"""How a command ends: the exit codes of the public contract, and an exception for each way to fail."""

from collections.abc import Sequence
from typing import Any, ClassVar

DONE = 0
REFUSED = 1
BAD_INPUT = 2
UNREACHABLE = 3
INTERRUPTED = 130


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
    """Understood, but against the rules. `reason` is why, without whom it is about; by default the whole sentence."""

    kind = "refused"

    def __init__(self, sentence: str, notes: Sequence[str] = (), *, reason: str | None = None, **facts: Any) -> None:
        super().__init__(sentence, notes, **facts)
        self.reason = sentence if reason is None else reason


class NotFound(Stop):
    """There is no such candidacy."""

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
