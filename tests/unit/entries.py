"""A candidacy as a list has it, for tests of what is done with lists."""

from typing import Any

from client.finding import Entry


def entry(candidate: str = "C-1", **changes: Any) -> Entry:
    """The entry of an open candidacy for CCSL, with these changes."""
    known = Entry(
        candidate_id=candidate,
        designation="CCSL",
        workflow_id=f"certification:CCSL:{candidate}",
        run_id="r",
        status="testing",
        assessments_passed=0,
        next_deadline=None,
        needs_attention=(),
        opened_at="2026-11-01T00:00:00Z",
        execution="running",
    )
    return known._replace(**changes)
