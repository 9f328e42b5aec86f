"""Keeps what stands beside the events (`sealing.py`) in its tables, and reads it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select, tuple_

from record.events import Candidacy, Recorded
from record.sealing import Beside, Text, pinned
from record.tables import PROGRAMMES, TEXTS

_PINNED = '"pinned"'


def keep(connection: Connection, candidacy: Candidacy, events: Sequence[Recorded]) -> None:
    """Keeps what stands beside these events, which have just been appended."""
    rows = [
        {
            "workflow_id": candidacy.workflow_id,
            "enrolment": candidacy.enrolment,
            "sequence": event.sequence,
            "seal": seal,
            "salt": text.salt,
            "value": text.value,
        }
        for event in events
        for seal, text in event.beside.texts.items()
    ]
    if rows:
        connection.execute(insert(TEXTS), rows)
    keep_programmes(connection, {digest: body for event in events for digest, body in event.beside.programmes.items()})


def keep_programmes(connection: Connection, programmes: dict[str, str]) -> None:
    """Keeps those of these programmes that are not kept yet."""
    new = programmes.keys() - programmes_of(connection, programmes).keys()
    if new:
        connection.execute(insert(PROGRAMMES), [{"digest": one, "body": programmes[one]} for one in sorted(new)])


def programmes_of(connection: Connection, digests: Iterable[str]) -> dict[str, str]:
    """Those of these programmes that are kept, by the hash of their content."""
    wanted = set(digests)
    if not wanted:
        return {}
    found = connection.execute(select(PROGRAMMES.c.digest, PROGRAMMES.c.body).where(PROGRAMMES.c.digest.in_(wanted)))
    return {row.digest: row.body for row in found}


def of(connection: Connection, events: Sequence[tuple[Candidacy, Recorded]]) -> list[Beside]:
    """What stands beside each of these events."""
    digests = [_pinned(event) for _, event in events]
    programmes = programmes_of(connection, (digest for digest in digests if digest))
    texts = _texts(connection, [candidacy for candidacy, _ in events])
    return [
        Beside(
            texts.get((candidacy, event.sequence), {}),
            {digest: programmes[digest]} if digest in programmes else {},
        )
        for (candidacy, event), digest in zip(events, digests, strict=True)
    ]


def _pinned(event: Recorded) -> str | None:
    # Reading the JSON of every event would cost more than the search.
    return pinned(json.loads(event.body)) if _PINNED in event.body else None


def _texts(connection: Connection, candidacies: Iterable[Candidacy]) -> dict[tuple[Candidacy, int], dict[str, Text]]:
    """The sealed values of these candidacies, by the event that they belong to."""
    wanted = sorted(set(candidacies))
    found: dict[tuple[Candidacy, int], dict[str, Text]] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        keys = [(one.workflow_id, one.enrolment) for one in wanted[first : first + _AT_ONCE]]
        for row in connection.execute(select(TEXTS).where(tuple_(TEXTS.c.workflow_id, TEXTS.c.enrolment).in_(keys))):
            key = (Candidacy(row.workflow_id, row.enrolment), row.sequence)
            found.setdefault(key, {})[row.seal] = Text(row.salt, row.value)
    return found


_AT_ONCE = 200
"""So many candidacies are named in one statement: a database limits the number of values."""
