"""Asks a person at the terminal before something is done that many candidacies feel, or that nobody can undo."""

import sys

from cli import exits, output
from views.plain import one_line


class Declined(exits.Stop):
    """A person was asked, and did not say yes."""

    kind = "declined"


def can_ask() -> bool:
    """Whether there is a terminal to ask at."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> None:
    """Return where a person at the terminal says yes, and where there is no terminal to ask at.

    Raises `Declined`, also where nobody can read the question.
    """
    if not can_ask():
        return
    try:
        sys.stderr.write(f"{one_line(question)} [y/N] ")
        sys.stderr.flush()
    except OSError as error:
        raise Declined("Nothing was done, because the question can be written nowhere: add --yes.") from error
    answer = sys.stdin.buffer.readline()
    if not answer.endswith(b"\n"):
        output.say("")
    if answer.strip().lower() not in (b"y", b"yes"):
        raise Declined("Nothing was done.")
