"""Keeps what stands beside the events (`sealing.py`) in its tables, and reads it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select

from record.events import Candidacy, Recorded
from record.pipeline import Answer, Pipeline, Statement
from record.sealing import Beside, Text, pinned
from record.tables import PROGRAMMES, TEXTS

_INSERT_TEXT = Statement(insert(TEXTS))
_IS_KEPT = Statement(select(PROGRAMMES.c.digest).where(PROGRAMMES.c.digest == bindparam("its_digest")))
_INSERT_PROGRAMME = Statement(insert(PROGRAMMES))

Answers = dict[str, Answer]
"""For each of some programmes, a row where it is kept."""

_PINNED, _SEALED = '"pinned"', '"sealed"'


def ask(pipeline: Pipeline, events: Iterable[Recorded]) -> Answers:
    """Asks which of the programmes of these events are kept, for `keep` in the same transaction."""
    digests = {digest for event in events for digest in event.beside.programmes}
    return {digest: pipeline.ask(_IS_KEPT, {"its_digest": digest}) for digest in digests}


def keep(pipeline: Pipeline, candidacy: Candidacy, events: Sequence[Recorded], answers: Answers) -> None:
    """Keeps what stands beside these events, which are being appended."""
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
    pipeline.write(_INSERT_TEXT, rows)
    programmes = {digest: body for event in events for digest, body in event.beside.programmes.items()}
    new = sorted(digest for digest in programmes if not answers[digest].rows)
    pipeline.write(_INSERT_PROGRAMME, [{"digest": digest, "body": programmes[digest]} for digest in new])


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
    texts = _texts(connection, [_key(candidacy, event) for candidacy, event in events if _SEALED in event.body])
    return [
        Beside(
            texts.get(_key(candidacy, event), {}),
            {digest: programmes[digest]} if digest in programmes else {},
        )
        for (candidacy, event), digest in zip(events, digests, strict=True)
    ]


_Key = tuple[str, str, int]
"""Names an event: workflow id, enrolment and sequence."""


def _key(candidacy: Candidacy, event: Recorded) -> _Key:
    return candidacy.workflow_id, candidacy.enrolment, event.sequence


def _pinned(event: Recorded) -> str | None:
    # Reading the JSON of every event would cost more than the search.
    return pinned(json.loads(event.body)) if _PINNED in event.body else None


def _texts(connection: Connection, events: Sequence[_Key]) -> dict[_Key, dict[str, Text]]:
    """The sealed values of these events."""
    wanted = set(events)
    found: dict[_Key, dict[str, Text]] = {}
    ids = sorted({workflow_id for workflow_id, _, _ in wanted})
    for first in range(0, len(ids), _AT_ONCE):
        for row in connection.execute(_query(ids[first : first + _AT_ONCE], [number for _, _, number in wanted])):
            event = (row.workflow_id, row.enrolment, row.sequence)
            if event in wanted:
                found.setdefault(event, {})[row.seal] = Text(row.salt, row.value)
    return found


def _query(ids: Sequence[str], numbers: Sequence[int]) -> Select[Any]:
    # SQLite would read the whole table for a list of whole keys, so this one finds some texts too many.
    between = TEXTS.c.sequence.between(min(numbers), max(numbers))
    return select(TEXTS).where(TEXTS.c.workflow_id.in_(ids), between)


_AT_ONCE = 500
"""So many candidacies are named in one statement: a database limits the number of values."""
