"""An entry of the timeline read: typed for programs, and shown as it came."""

import json
from datetime import UTC, date, datetime

import pytest

from tests.cases import each
from views.entries import Taken, TimelineEntry

ENTRY = {
    "at": "2026-11-23T05:00:00Z",
    "sequence": 12,
    "type": "ResultResolved",
    "summary": "Held result R-1 accepted",
    "effective_on": "2026-11-20",
    "result": {"result_id": "R-1", "taken_at": "2026-11-20T15:00:00Z", "source": "Test Center 7"},
    "by": "M. Vogel",
    "medal": {"of": ["a newer build"]},
    "note": None,
}


def test_an_entry_is_read_and_shown_with_what_a_newer_build_says() -> None:
    entry = TimelineEntry.read(ENTRY)
    assert (entry.sequence, entry.type, entry.summary) == (12, "ResultResolved", "Held result R-1 accepted")
    assert entry.at == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert entry.effective_on == date(2026, 11, 20)
    assert entry.taken == Taken(datetime(2026, 11, 20, 15, tzinfo=UTC), "Test Center 7")
    assert (entry.result_id, entry.submission_id, entry.deciders) == ("R-1", None, ("M. Vogel",))
    assert json.dumps(entry.document()) == json.dumps(ENTRY), "every field, in its order"


def test_what_an_event_does_not_have_is_none() -> None:
    entry = TimelineEntry.of(0, "2026-11-23T05:00:00Z", "Older", "3 older events are left out", omitted=3)
    assert (entry.effective_on, entry.taken, entry.result_id, entry.submission_id, entry.deciders) == (
        *(None, None, None, None),
        (),
    )
    assert list(entry.document()) == ["sequence", "at", "type", "summary", "omitted"]


@each("wrong", [{"at": "yesterday"}, {"at": 7}, {"sequence": "12"}, {"type": None}, {"summary": {}}])
def test_what_is_no_entry_is_not_read_as_one(wrong: dict[str, object]) -> None:
    for answer in ({**ENTRY, **wrong}, [ENTRY], None):
        with pytest.raises(ValueError, match=r"entry of a timeline|isoformat"):
            TimelineEntry.read(answer)
