"""Reads the file that `import` or `results` is given, and turns its faults into `exits.BadInput`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cli import exits
from client import scheme
from feeds import registrations, results
from feeds.checking import Vocabulary
from feeds.dates import Order
from feeds.errors import FeedError, HeaderError
from feeds.sources import Source


def read_registrations(name: str, order: Order | None = None) -> registrations.RegistrationSheet:
    """Read and check a file of candidates, or standard input for "-". Raises `exits.BadInput`."""
    with faults_as_bad_input():
        return registrations.read(source(name), vocabulary(), datetime.now(UTC), order=order)


def read_results(name: str, reading: results.Reading = results.AS_WRITTEN) -> results.ResultSheet:
    """Read and check a feed of results, or standard input for "-". Raises `exits.BadInput`."""
    with faults_as_bad_input():
        return results.read(source(name), vocabulary(), datetime.now(UTC), reading)


def source(name: str) -> Source:
    """The file with this name, or standard input for "-". Raises `exits.BadInput` where there is neither."""
    if not name:
        raise exits.BadInput("The name of the file is empty: name a file, or - for standard input.")
    if name != "-":
        return Source(name)
    if sys.stdin is None:
        raise exits.BadInput("There is no standard input: name a file instead of -.")
    return Source("standard input", sys.stdin.buffer)


def vocabulary() -> Vocabulary:
    """The designations and domains of the scheme file in force here; empty where it cannot be read."""
    return Vocabulary(designations=scheme.titles(), domains=scheme.domains())


@contextmanager
def faults_as_bad_input() -> Iterator[None]:
    """Raise `exits.BadInput` with the same sentence, notes and facts where the body raises `FeedError`."""
    try:
        yield
    except HeaderError as error:
        raise exits.BadInput(error.sentence, error.notes, missing=list(error.missing)) from error
    except FeedError as error:
        if error.line is None:
            raise exits.BadInput(error.sentence) from error
        raise exits.BadInput(error.sentence, line=error.line) from error
