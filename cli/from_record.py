"""Lets the record answer a verb. Temporal answers where there is no record, or where the flags ask for Temporal."""

import importlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from cli import exits, output
from cli.filters import Filters, filter_of
from cli.options import meant
from cli.recorded import record_for_reading
from record import finding
from record.database import reading
from record.errors import Missing, Unavailable
from record.finding import Days, Wanted

if TYPE_CHECKING:
    from cli.live import Live


def answered(
    given: Filters,
    recorded: Callable[[Connection], int],
    live: Callable[["Live"], int],
    also: Sequence[str] = (),
) -> int:
    """Let `recorded` answer from the record at one moment, or let `live` ask Temporal, and return the exit code.

    Raises what both raise, `exits.BadInput` for flags that do not go together, and `exits.Stop` where the record is
    there and cannot be read. `also` are flags of the verb that only the record can answer.
    """
    engine = _engine(given, [*given.of_the_record, *also])
    if engine is None:
        return live(asking_temporal())
    try:
        with reading(engine) as connection:
            return recorded(connection)
    except Unavailable as error:
        raise _instead(error) from error


def asking_temporal() -> "Live":
    """What asks Temporal and the workflows. Only now its module is loaded, by its name."""
    live: Live = importlib.import_module("cli.live").Live()
    return live


def _engine(given: Filters, only: Sequence[str]) -> Engine | None:
    """The record; None where Temporal is to be asked."""
    live = "--query" if given.query is not None else "--live" if given.live else None
    if live and only:
        flags = " and ".join(only)
        raise exits.BadInput(f"{live} asks Temporal, and only the record can answer {flags}: leave one of them out.")
    if live:
        return None
    try:
        return record_for_reading()
    except Missing as error:
        if only:
            raise
        output.say(f"{exits.of_record(error).sentence} Temporal is asked instead, which takes longer.")
        return None
    except Unavailable as error:
        raise _instead(error) from error


def _instead(error: Unavailable) -> exits.Stop:
    return exits.of_record(error, ["With --live the same is asked of Temporal, which takes longer."])


def wanted_of(connection: Connection, given: Filters) -> Wanted:
    """What these flags ask the record for.

    Raises `exits.BadInput` for a status, a designation or a vendor that does not exist.
    """
    filter_of(given)  # its checks
    return Wanted(
        name=given.name,
        statuses=given.status,
        designations=given.designation,
        due_by=datetime.now(UTC) + given.due_within if given.due_within is not None else None,
        attention=given.attention,
        hold_reasons=given.hold_reason,
        vendors=tuple(_vendors(connection, given.vendor)) if given.vendor else (),
        certified=Days(given.certified_since, given.certified_until),
        expires=Days(given.expires_since, given.expires_until),
    )


def _vendors(connection: Connection, given: tuple[str, ...]) -> list[str]:
    known = finding.vendors(connection)
    found = [name for one in given for name in known if name.casefold() == one.strip().casefold()]
    for one in given:
        if not any(name.casefold() == one.strip().casefold() for name in known):
            likely = meant(one, known, "the record has results of no vendor by this name")
            raise exits.BadInput(f"--vendor {one!r}: {likely}")
    return found
