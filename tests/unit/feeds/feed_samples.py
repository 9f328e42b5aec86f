"""The scheme's names and the current time for the tests of this folder."""

from datetime import UTC, datetime

from feeds.checking import Vocabulary

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
