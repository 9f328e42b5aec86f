"""`export`: every event in order, in the words of the contract, from any position on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, delete, text

from domain.events import BaseEvent
from domain.formats import FORMAT
from domain.texts import ERASED
from record import store
from record.database import writing
from record.events import Recorded
from record.sealing import LEFT_OUT
from record.tables import TEXTS
from tests.record.commands import starter
from tests.record.lives import Lived, as_an_older_build, lived, person
from tests.record.test_proof import hostile
from tests.record.test_store import ANA, BEN, events
from views.timeline import timeline_view


def exported(engine: Engine, *arguments: str) -> list[dict[str, Any]]:
    ended = starter(engine, "export", *arguments)
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def shown(events: Sequence[BaseEvent]) -> Any:
    """The events as the timeline has them, as JSON."""
    return json.loads(json.dumps([entry.document() for entry in timeline_view(events, 0)]))


@pytest.fixture
def lives(engine: Engine) -> list[Lived]:
    """Two lives in the record, one after the other."""
    return [lived(name, person(number)).append(engine) for number, name in enumerate(("many-results", "thirty-years"))]


def test_every_event_is_there_as_the_timeline_has_it(engine: Engine, lives: list[Lived]) -> None:
    found = exported(engine)
    assert [one["position"] for one in found] == list(range(1, len(found) + 1))
    for one in lives:
        mine = [entry["event"] for entry in found if entry["enrolment"] == one.candidacy.enrolment]
        assert mine == shown(one.events)
    assert {entry["workflow_id"] for entry in found} == {one.candidacy.workflow_id for one in lives}


def test_a_follower_goes_on_where_it_was_and_misses_nothing(engine: Engine, lives: list[Lived]) -> None:
    everything = exported(engine)
    read: list[dict[str, Any]] = []
    while len(read) < len(everything):
        since = read[-1]["position"] if read else 0
        read += exported(engine, "--since", str(since), "--limit", "7")
    assert read == everything
    ended = starter(engine, "export", "--since", str(len(everything)))
    assert (ended.code, ended.out, ended.err) == (0, "", f"0 events. Go on with --since {len(everything)}.\n")
    store.append(engine, ANA, events(1))
    ended = starter(engine, "export", "--since", str(len(everything)))
    assert ended.err == f"1 event. Go on with --since {len(everything) + 1}.\n"
    assert json.loads(ended.out)["event"]["type"] == "ContactUpdated"


def test_without_texts_nothing_that_people_wrote_is_in_it_and_the_rest_is(engine: Engine, lives: list[Lived]) -> None:
    whole, without = exported(engine), exported(engine, "--no-texts")
    assert LEFT_OUT not in json.dumps(whole)
    for name in ("M. Vogel", "INV-77", "the center was closed for weeks", "Test Center 7", "B. Oss"):
        assert name in json.dumps(whole)
        assert name not in json.dumps(without)
    for one, other in zip(whole, without, strict=True):
        assert one["event"].keys() == other["event"].keys()
        assert (one["hash"], one["event"]["type"], one["event"]["at"]) == (
            *(other["hash"], other["event"]["type"], other["event"]["at"]),
        )


def test_of_an_event_that_an_older_build_recorded_the_texts_alone_are_left_out(engine: Engine) -> None:
    one = lived("many-results")
    store.append(engine, one.candidacy, [as_an_older_build(event) for event in one.events], one.contact)
    known = [Recorded.of(event) for event in one.events]
    wanted = [replace(event, beside=event.beside.without_texts()).event() for event in known]
    found = [entry["event"] for entry in exported(engine, "--no-texts")]
    assert found == shown(wanted)


def test_a_text_that_was_erased_is_told_from_one_that_is_left_out(engine: Engine, lives: list[Lived]) -> None:
    with writing(engine) as connection:
        connection.execute(delete(TEXTS).where(TEXTS.c.enrolment == lives[0].candidacy.enrolment))
    for flags in ((), ("--no-texts",)):
        found = exported(engine, *flags)
        first = [entry for entry in found if entry["enrolment"] == lives[0].candidacy.enrolment]
        assert ERASED in json.dumps(first)
        assert LEFT_OUT not in json.dumps(first)


def test_from_the_events_as_recorded_anybody_computes_every_hash_again(engine: Engine, lives: list[Lived]) -> None:
    """In the words of docs/record.md, with nothing of our code."""
    before: dict[tuple[str, str], str] = {}
    found = exported(engine, "--as-recorded")
    for one in found:
        candidacy = one["workflow_id"], one["enrolment"]
        facts = [one[name] for name in ("sequence", "type", "format", "at", "body")]
        parts = ["certpath-event-1", before.get(candidacy, ""), *candidacy, *facts]
        hashed = hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).hexdigest()
        assert hashed == one["hash"]
        before[candidacy] = hashed
    assert len(found) == sum(len(one.events) for one in lives)
    assert "M. Vogel" not in json.dumps(found)


def test_a_follower_that_is_ahead_of_a_restored_record_is_told(engine: Engine) -> None:
    store.append(engine, ANA, events(3))
    ended = starter(engine, "export", "--since", "4")
    assert (ended.code, ended.out) == (2, "")
    assert "the newest event has position 3" in ended.err


def test_an_event_that_this_build_cannot_read_is_an_error_and_never_left_out(engine: Engine) -> None:
    store.append(engine, ANA, [*events(1), replace(events(1, 2)[0], format=FORMAT + 1)])
    store.append(engine, BEN, events(1))
    ended = starter(engine, "export")
    assert ended.code == 1
    assert [json.loads(line)["position"] for line in ended.out.splitlines()] == [1]
    assert "Go on with --since 1." in ended.err
    assert "event 2 at position 2: this event has format 2" in ended.err


def test_an_event_that_somebody_has_changed_is_an_error_that_shows_nothing_of_it(engine: Engine) -> None:
    store.append(engine, ANA, events(1))
    with hostile(engine) as connection:
        connection.execute(
            text("UPDATE events SET type = 'Certified', body = :body"), {"body": '{"number":"Geheimnis"}'}
        )
    ended = starter(engine, "export")
    assert ended.code == 1
    assert "event 1 at position 1: " in ended.err
    assert "Geheimnis" not in ended.err


@pytest.mark.parametrize(
    "arguments", [("--since", "-1"), ("--since", "x"), ("--limit", "0"), ("--no-texts", "--as-recorded")]
)
def test_wrong_flags_are_bad_input(engine: Engine, arguments: tuple[str, ...]) -> None:
    assert starter(engine, "export", *arguments).code == 2


def test_every_line_is_one_line_for_every_reader(engine: Engine) -> None:
    one = lived("suspended").append(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE texts SET value = :value"), {"value": json.dumps("two\u2028lines\n\x85\u202e")})
    ended = starter(engine, "export")
    assert len(ended.out.split("\n")) == len(ended.out.splitlines()) + 1 == len(one.events) + 1
    assert ended.out.isascii()
