"""What may go wrong between a client and its candidacies: one type for each way, and typed facts about it.

Each error carries a sentence for people, which says what is wrong and what to do. Programs look at the type and at the
attributes, never at the sentence. How a process ends because of an error is for its caller to decide.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.vocabulary import CLOSED


class FieldError(NamedTuple):
    """One wrong field of a message, by its path (`purchase.reference`), and what is wrong with it."""

    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.field or 'message'}: {self.problem}"


class ClientError(Exception):
    """Something could not be done. `sentence` is for people; `notes` are further lines for them."""

    def __init__(self, sentence: str, notes: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.notes = tuple(notes)


# --- what was given


class BadInput(ClientError):
    """What was given cannot be understood: the same again will fail again."""


class InvalidFields(BadInput):
    """A message or registration has wrong fields; `errors` names each."""

    def __init__(self, sentence: str, errors: Sequence[FieldError]) -> None:
        super().__init__(sentence, [str(error) for error in errors])
        self.errors = tuple(errors)


class NotJson(BadInput):
    """A text is not JSON. `line` and `column` say where, where that is known."""

    def __init__(self, sentence: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line
        self.column = column


class UnknownValue(BadInput):
    """Values that do not exist: `what` they should be (`status`, `designation`), and which of them are `known`.

    The sentence ends with `hint`. Without one it names the known value where only case, hyphens or blanks differ.
    """

    def __init__(self, what: str, values: Sequence[str], known: Sequence[str], hint: str = "") -> None:
        super().__init__(f"{', '.join(values)} is none of {', '.join(known)}{hint or _meant(values, known)}.")
        self.what = what
        self.values = tuple(values)
        self.known = tuple(known)


def _meant(values: Sequence[str], known: Sequence[str]) -> str:
    """The end of a sentence about values that do not exist: what to write instead, where that is plain."""
    by_letters = {_letters(one): one for one in known}
    found = {value: by_letters[_letters(value)] for value in values if _letters(value) in by_letters}
    if not found:
        return ""
    if len(values) == 1:
        return f": write {found[values[0]]}"
    return f": write {', '.join(f'{one} instead of {value}' for value, one in found.items())}"


def _letters(text: str) -> str:
    return re.sub(r"[-_ ]", "", text).casefold()


class WhichDesignation(BadInput):
    """A person has several candidacies, and none of them was named. `found` has each designation with its status."""

    def __init__(self, candidate_id: str, found: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            f"{candidate_id} has {len(found)} candidacies: name the designation.",
            [f"{candidate_id} {designation}: {status}" for designation, status in found],
        )
        self.found = tuple(found)


class NoDeployment(BadInput):
    """No worker with a build has ever asked for work in this namespace, so there is no build to choose."""

    def __init__(self) -> None:
        super().__init__(
            "There is no build here yet: no worker has asked for work with TEMPORAL_DEPLOYMENT_NAME and "
            "TEMPORAL_WORKER_BUILD_ID. Start one, then try again."
        )


class WhichDeployment(BadInput):
    """There are several deployments, and none of them was named."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(f"There are {len(known)} deployments, {' and '.join(known)}: name one of them.")
        self.known = tuple(known)


class MisusedCall(BadInput):
    """Temporal does not take the call as it was made: a list filter that it does not understand, for example."""


# --- what a candidacy answers


class Refused(ClientError):
    """A message was understood and is against the rules.

    `reason` says why, without naming the candidacy; by default it is the whole sentence. `code` is a refusal code of
    the contract, or one of a newer build; None where there is none.
    """

    def __init__(self, sentence: str, *, reason: str | None = None, code: str | None = None) -> None:
        super().__init__(sentence)
        self.reason = sentence if reason is None else reason
        self.code = code


class NotFound(ClientError):
    """There is no such candidacy."""

    def __init__(self, sentence: str, workflow_id: str, notes: Sequence[str] = ()) -> None:
        super().__init__(sentence, notes)
        self.workflow_id = workflow_id


class NeverBegan(NotFound):
    """There is no such candidacy, because its registration was invalid. `notes` say what is wrong with it."""


_WAY_BACK = "Somebody has ended its workflow from outside. A reset brings it back: see docs/admin-guide.md."


class Closed(ClientError):
    """The candidacy is closed and takes no message any more (rule 29). `status` is its last status.

    Where its workflow did not end by itself, `status` is Temporal's word for how it ended, and a note says what to do.
    """

    def __init__(self, sentence: str, workflow_id: str, status: str) -> None:
        super().__init__(sentence, [] if status in CLOSED else [_WAY_BACK])
        self.workflow_id = workflow_id
        self.status = status


class OpenedBefore(Closed):
    """The candidacy that this very act has opened is closed since; the same act does not open a second one."""


class StillClosing(Closed):
    """The candidacy is closed and its workflow still runs, because its last notices or records go out.

    A new one under the same id can be opened as soon as that is done.
    """


class Unreadable(ClientError):
    """An answer came that this build cannot read."""


class FormatNotRead(Refused):
    """A build cannot take over candidacies, because it does not read the format in which another build stores them.

    `reads` is the format that it reads, None where its worker has not told it; `needed` the one that it should read.
    """

    def __init__(self, sentence: str, *, reads: int | None, needed: int) -> None:
        super().__init__(sentence)
        self.reads = reads
        self.needed = needed


class NotChanged(ClientError):
    """Temporal did not make a build current or ramping."""


# --- nobody answers


class NoWorker(ClientError):
    """Temporal answers, but no worker does. What was sent may still be taken, once one is there."""


class NoWorkerOfBuild(NoWorker):
    """The candidacy is kept on a build, `deployment:build`, and no worker of that build answers; others may."""

    def __init__(self, about: object, build: str, *, closed: str | None = None) -> None:
        """`closed`: the status in which it is closed."""
        name = build.partition(":")[2]
        if closed is None:
            sentence = (
                f"The candidacy of {about} runs on build {name}, and no worker of {name} answers: start one again, "
                "then try again. Nothing is lost."
            )
        else:
            sentence = (
                f"The candidacy of {about} closed as {closed} on build {name}, and no worker of {name} answers. It "
                f"takes no messages any more; to ask what it knows, start a worker of {name}."
            )
        super().__init__(sentence)
        self.build = build
        self.closed = closed


class Unreachable(ClientError):
    """Temporal cannot be reached, or refuses to serve us."""


class NotServed(Unreachable):
    """The server does not have this call: an older one, or the one that skips time."""


# --- the outcome file of a bulk act


class OutcomeFileLost(ClientError):
    """The outcome file of a bulk act cannot be written any more, a full disk for example."""
