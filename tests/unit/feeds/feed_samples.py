"""The scheme's names and the current time for the tests of this folder."""

import json
from datetime import UTC, datetime
from typing import Any

from feeds.checking import Entry, Vocabulary

VOCABULARY = Vocabulary(
    designations={
        "CCSL": "CIAC-Certified Strategic Leader",
        "CCOM": "CIAC-Certified Operations Manager",
        "CCMA": "CIAC-Certified Management Associate",
        "CCMC": "CIAC-Certified Management Consultant",
    },
    domains={
        "people-management": "People Management",
        "operations-management": "Operations Management",
        "customer-relationships": "Customer Relationships",
        "leadership-and-business": "Leadership & Business",
    },
)
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def sent(entry: Entry[Any]) -> dict[str, Any]:
    """What is sent of a row without fault."""
    document: dict[str, Any] = json.loads(entry.payload)
    return document
