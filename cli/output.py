"""What people and machines get to read: results on stdout, everything else on stderr.

With `--json` stdout carries exactly one JSON document. Tables and cards are drawn by `cli.tables`.
"""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from client import scheme
from views.plain import one_line, safe_json

# Stdout is flushed after this many entries.
_FLUSHED = 200


def prepare() -> None:
    """Let no character of a name or comment end the command on a terminal that cannot show it, nor a stream that was
    closed before the command began: some programs start others so."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Never closed, so that no other file gets its number.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def unheard() -> Iterator[None]:
    """Goes on where stderr cannot be written: its pipe or the terminal was closed, or the disk that has the log is
    full. What is under way must not stop half way because of it."""
    with suppress(OSError):
        yield


def say(sentence: str) -> None:
    """A line for people, on stderr; where nobody reads that any more, nothing."""
    with unheard():
        sys.stderr.write(f"{one_line(sentence)}\n")
        sys.stderr.flush()


def document(value: Any) -> None:
    """The one JSON document of `--json`, on stdout. Where nobody reads it, the verb ends with its own exit code."""
    with suppress(BrokenPipeError):
        sys.stdout.write(_json(value) + "\n")


def _json(value: Any) -> str:
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return safe_json(json.dumps(value, indent=2, ensure_ascii=plain))


def line(text: str = "") -> None:
    """A line of the result itself, on stdout."""
    sys.stdout.write(f"{one_line(text)}\n")


class Stream(Protocol):
    """Something that is written entry by entry."""

    def add(self, entry: Any) -> None:
        """Write one more entry."""

    def end(self) -> None:
        """Write the end; no entry may follow."""


class Array:
    """One JSON array on stdout, element by element: a whole document once it has ended."""

    def __init__(self) -> None:
        self._written = 0

    def add(self, entry: Any) -> None:
        text = _json(entry).replace("\n", "\n  ")
        sys.stdout.write(f"{',' if self._written else '['}\n  {text}")
        self._written += 1
        if self._written % _FLUSHED == 0:
            sys.stdout.flush()

    def end(self) -> None:
        sys.stdout.write("\n]\n" if self._written else "[]\n")


def exact(moment: datetime) -> str:
    """RFC 3339 in UTC with all that is known of it, as the engine writes instants."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def minute(instant: datetime | str | None, zone: str) -> str:
    """An instant, or its RFC 3339 text, as people in the body's zone read it: `2026-11-22 09:00 CST`.

    Days are shown in that zone too, so that instants and days on one page agree.
    """
    if not instant:
        return ""
    try:
        moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:
        return str(instant)
    return scheme.clock_time(moment, zone)
