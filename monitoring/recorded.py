"""Whether the record can be reached, and is as this worker needs it. If not, nothing stops: events wait to be recorded.

A worker without its record decides and sends as before, so this is a warning, and the worker is ready all the same. No
sentence has the record's address in it; the role or the database stands there where PostgreSQL itself names it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.checks import PATIENCE, InThread
from record.database import file_of
from record.errors import Missing, NewerTables, NotAllowed, RecordError, TurnedAway
from record.looking import open_for_reading
from record.roles import may_make_tables

if TYPE_CHECKING:
    from runtime.settings import Settings

_AWAY = "The record cannot be reached: events wait in their candidacies, and are recorded when it is back."
_TURNED_AWAY = (
    "The record's database answers, and opens no connection for this worker ({words}):"
    " events wait in their candidacies, and are recorded when it does."
)
_FORBIDDEN = (
    "This worker's role may not read the record, so events wait in their candidacies:"
    " run `./starter.py record setup --worker ROLE` as the owner of its tables."
)
_NO_TABLES = (
    "The tables of the record are missing or of an older build, and this worker's role may not make them, so events"
    " wait in their candidacies: run `./starter.py record setup` as their owner."
)
_NEWER = (
    "A newer build has changed the tables of the record, so this worker records nothing:"
    " events wait until their candidacies have moved to that build."
)


class RecordWatch:
    """Looks at the record of these settings."""

    def __init__(self, settings: Settings) -> None:
        self._look = InThread(lambda: problem(settings.record_url))

    async def warning(self) -> str | None:
        """Why events wait to be recorded, in one sentence; None if all is well. Takes `PATIENCE` seconds at most."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._look()
        except TimeoutError:
            return _AWAY


def problem(url: str) -> str | None:
    """What is wrong with the record at this address, in one sentence; None if all is well. Changes nothing."""
    file = file_of(url)
    if file and not Path(file).exists():
        return None if _can_be_made(Path(file)) else _AWAY
    try:
        try:
            open_for_reading(url).dispose()
        except Missing:
            # A worker makes them with the first event.
            return None if may_make_tables(url) else _NO_TABLES
    except NotAllowed:
        return _FORBIDDEN
    except NewerTables:
        return _NEWER
    except TurnedAway as error:
        return _TURNED_AWAY.format(words=error.words)
    except RecordError:
        return _AWAY
    return None


def _can_be_made(file: Path) -> bool:
    there = next(folder for folder in file.absolute().parents if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK)
