"""The hash chain of a candidacy: each event's hash covers the event and the hash of the one before it.

Whoever changes, inserts or removes an event in the database changes every hash after it. The functions are pure. They
are part of what is kept for ever: the hashes of today must be computed in the same way in decades.
"""

from __future__ import annotations

import hashlib
import json

from record.events import Candidacy, Recorded

START = ""
"""What stands in place of the hash before the first event."""

_LABEL = "certpath-event-1"
"""Names this way of hashing. Another way would get another label, beside this one."""


def link(before: str, candidacy: Candidacy, event: Recorded) -> str:
    """The hash of an event, in hexadecimal digits. `before` is the hash of the event before it, or `START`."""
    parts = [
        _LABEL,
        before,
        candidacy.workflow_id,
        candidacy.enrolment,
        event.sequence,
        event.type,
        event.format,
        event.at,
        event.body,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
