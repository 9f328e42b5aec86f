"""What stands beside the events: texts that people write are sealed, can be erased, and are proved until then."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from domain import rulebook
from domain.events import (
    EVENT_TYPES,
    EVENTS,
    AssessmentPassed,
    Evidence,
    MessageRefused,
    RecertificationSubmitted,
    Suspended,
)
from domain.rulebook import evolve
from domain.state import State
from domain.texts import ERASED
from record import sealing
from record.events import Recorded
from record.sealing import Beside, Text, json_text
from tests.cases import each
from tests.record.lives import LIVES, lived
from tests.samples import build
from views.standing import status_view
from views.timeline import summary_of

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)

TEXTS = {
    *(
        "approved_by",
        "attested_by",
        "by",
        "comments",
        "excerpt",
        "explanation",
        "message",
        "note",
        "reason",
        "reference",
    ),
    *("reviewer", "role", "source", "title", "unscored", "uri"),
    *("digest", "message_id"),
}
"""The fields of events that people or other systems fill with what they like, and hashes over them."""

FACTS = {
    *(
        "abandons_at",
        "about",
        "advances_from",
        "alarm",
        "anchor",
        "at",
        "attention",
        "attention_at",
        "border",
        "by_number",
    ),
    *("by_workflow_id", "candidate_id", "certified_on", "changed", "closes_at", "code", "completed_on", "counts_from"),
    *(
        "covers_until",
        "cycle_starts_on",
        "deadline",
        "decision",
        "designation",
        "differs_in",
        "domain",
        "due",
    ),
    *(
        "due_at",
        "due_on",
        "effective_at",
        "effective_on",
        "ended_on",
        "ends_at",
        "ends_on",
        "enrolment",
        "evidence_from",
    ),
    *(
        "expired_on",
        "expires_at",
        "expires_on",
        "form",
        "gap_from",
        "gap_to",
        "gave_way_at",
        "grace_ends_on",
        "guidance",
    ),
    *("hours", "kind", "lapses_at", "met_at", "met_on", "next_attempt_on", "notice", "number", "out_of"),
    *("outcome", "path", "percentage", "phase", "points", "previous", "purchased_at", "reason", "reasons", "reminders"),
    *(
        "result_id",
        "settles_at",
        "sha256",
        "started_on",
        "status",
        "submission_id",
        "submitted_at",
        "taken_at",
        "target",
    ),
    *("waits_for", "waived", "what", "window_opens_at", "window_opens_on", "workflow_id"),
}
"""The fields that have an id, an instant, a day, a number or a word of a vocabulary. `reason` of a hold is a word."""


def full(kind: type[BaseModel]) -> Any:
    """An event of this type with a value in every field."""
    return build(kind, full=True)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each text and each seal in a document, with the name of the field that it stands in."""
    if isinstance(value, dict) and "sealed" not in value:
        for key, inner in value.items():
            yield from leaves(inner, name if name == "experience" else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, str | dict):
        yield name, value


def erased(event: Recorded) -> Recorded:
    """The event as it is read once everything beside it that may be erased is gone."""
    return replace(event, beside=Beside({}, event.beside.programmes))


# --- which values are sealed


@each("kind", EVENT_TYPES.values())
def test_each_field_of_each_event_is_a_fact_or_is_sealed(kind: type[BaseModel]) -> None:
    """A new field fails here until somebody has said which of both it is."""
    body = json.loads(Recorded.of(full(kind)).body)
    body.pop("programme", None)
    for name, value in leaves(body):
        if isinstance(value, str):
            assert name in FACTS, f"{kind.__name__}.{name} is readable"
        else:
            known = TEXTS | {"responses", "experience"} | ({"sha256"} if kind is MessageRefused else set())
            assert name in known, f"{kind.__name__}.{name} is sealed"


@each("kind", EVENT_TYPES.values())
def test_nothing_of_a_sealed_text_stands_in_the_event(kind: type[BaseModel]) -> None:
    document = full(kind).model_dump(mode="json")
    number = 0

    def marked(value: Any, name: str = "") -> Any:
        nonlocal number
        if name in ("responses", "experience"):
            return {key: marked(inner, "note") for key, inner in value.items()}
        if isinstance(value, dict):
            return {key: inner if key == "programme" else marked(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [marked(inner, name) for inner in value]
        of_hold = name == "reason" and kind.__name__ == "ResultHeld"
        if isinstance(value, str) and name in TEXTS and not of_hold:
            number += 1
            return f"Geheimnis-{number}"
        return value

    event = EVENTS.validate_python(marked(document))
    recorded = Recorded.of(event)
    assert "Geheimnis" not in recorded.body
    assert json.dumps(sorted(text.value for text in recorded.beside.texts.values())).count("Geheimnis") == number
    assert recorded.event() == event


@each("whole", [True, False])
@each("kind", EVENT_TYPES.values())
def test_every_event_opens_to_itself(kind: type[BaseModel], whole: bool) -> None:
    event = build(kind, full=whole)
    recorded = Recorded.of(event)  # type: ignore[arg-type]
    assert recorded.event() == event
    assert recorded.event().model_dump(mode="json") == event.model_dump(mode="json")


def test_what_only_a_newer_build_knows_is_sealed_wherever_it_stands() -> None:
    known = full(RecertificationSubmitted).model_dump(mode="json")
    later = EVENTS.validate_python(
        {
            **known,
            "mentor": "Ana Ruiz",
            "boxes": [{"kept_by": "Ben Okoro"}, "Cem Aydın", 7, None, True],
            "evidence": [{**known["evidence"][0], "seen_by": "Dana Weiß"}],
        }
    )
    recorded = Recorded.of(later)
    assert not any(name in recorded.body for name in ("Ana", "Ben", "Cem", "Dana"))
    assert recorded.event() == later
    unknown = EVENTS.validate_python({"type": "MentorNamed", "sequence": 3, "at": AT, "mentor": {"name": "Ana Ruiz"}})
    recorded = Recorded.of(unknown)
    assert "Ana" not in recorded.body
    assert recorded.event() == unknown


def test_a_document_that_looks_like_a_seal_is_none() -> None:
    for given in ({"sealed": ""}, {"sealed": "x"}, {"sealed": "ab" * 32, "more": 1}, {"pinned": "x"}, {"sealed": None}):
        event = EVENTS.validate_python({"type": "MentorNamed", "sequence": 3, "at": AT, "mentor": given})
        assert Recorded.of(event).event() == event


# --- what was erased


@each("kind", EVENT_TYPES.values())
def test_with_its_texts_erased_every_event_opens_and_reads(kind: type[BaseModel]) -> None:
    event = full(kind)
    opened = erased(Recorded.of(event)).event()

    def as_erased(value: Any, name: str = "") -> Any:
        """The document as it must be read then."""
        if name == "responses":
            return {}
        if isinstance(value, dict):
            inside = "note" if name == "experience" else ""
            return {
                key: inner if key == "programme" else as_erased(inner, inside or key) for key, inner in value.items()
            }
        if isinstance(value, list):
            return [as_erased(inner, name) for inner in value]
        of_message = name == "sha256" and kind is MessageRefused
        of_hold = name == "reason" and kind.__name__ == "ResultHeld"
        return ERASED if of_message or (name in TEXTS and not of_hold) else value

    assert opened.model_dump(mode="json") == as_erased(event.model_dump(mode="json"))
    assert summary_of(opened)


@pytest.mark.parametrize("name", LIVES)
def test_a_life_whose_texts_are_erased_still_stands_where_it_stood(name: str) -> None:
    one = lived(name)
    state: State | None = None
    without: State | None = None
    for event in one.events:
        state = evolve(state, event)
        without = evolve(without, erased(Recorded.of(event)).event())
    assert state is not None
    assert without is not None
    now = one.events[-1].at
    assert status_view(without, "", now).status == status_view(state, "", now).status
    assert rulebook.alarms(without) == rulebook.alarms(state)
    assert without.certificate == state.certificate
    assert without.attention == state.attention


# --- the proof of a text


def test_the_seal_proves_the_text_and_no_other_one() -> None:
    event = Suspended(sequence=4, at=AT, reason="a complaint", by="M. Vogel", attention_at=AT)
    recorded = Recorded.of(event)
    assert {json.loads(text.value) for text in recorded.beside.texts.values()} == {"a complaint", "M. Vogel"}
    for seal, text in recorded.beside.texts.items():
        assert text.seal == seal
        assert replace(text, value=json.dumps("another")).seal != seal
        assert replace(text, salt="00" * 16).seal != seal


def test_the_same_text_never_has_the_same_seal_twice() -> None:
    """Otherwise everybody could see who wrote the same, and find a short text by trying."""
    title = Evidence(title="a course", completed_on=AT.date())
    event = full(RecertificationSubmitted).model_copy(update={"evidence": (title, title)})
    recorded = [Recorded.of(event) for _ in range(10)]
    seals = [seal for one in recorded for seal in one.beside.texts]
    assert len(seals) == len(set(seals)) == 30  # with the hash over both titles
    assert all(len(text.salt) == 32 for one in recorded for text in one.beside.texts.values())


def test_a_hash_is_sealed_only_where_what_it_goes_over_may_have_to_be_erased() -> None:
    """A result without responses has its whole content in its event, so its digest tells nothing more."""
    event = full(AssessmentPassed)
    sealed = json.loads(Recorded.of(event).body)["result"]
    assert "sealed" in sealed["digest"]
    without = event.model_copy(update={"result": event.result.model_copy(update={"responses": None})})
    assert json.loads(Recorded.of(without).body)["result"]["digest"] == event.result.digest


def test_an_event_of_a_build_that_did_not_seal_hashes_is_the_same_event() -> None:
    event = full(MessageRefused)
    of_today = Recorded.of(event)
    body = json.loads(of_today.body)
    before = replace(of_today, body=json_text({**body, "sha256": event.sha256, "message_id": event.message_id}))
    assert before.says_the_same_as(of_today)
    assert of_today.says_the_same_as(before)
    assert not replace(before, body=json_text({**body, "sha256": "0" * 64})).says_the_same_as(of_today)
    assert before.event() == of_today.event() == event


def test_a_seal_of_today_is_computed_in_the_same_way_for_ever() -> None:
    text = Text("00112233445566778899aabbccddeeff", '"Łukasz – a course"')
    assert text.seal == "d503eb65ff07c34eb2ab5f17fc45a2bfeb52f4536f1b0a26d3ed3417aeb570dd"


# --- which events are the same


def _suspended(reason: str) -> Recorded:
    return Recorded.of(Suspended(sequence=4, at=AT, reason=reason, by="M. Vogel", attention_at=AT))


def test_two_texts_are_told_apart_although_their_salts_always_differ() -> None:
    one, same, other = _suspended("a complaint"), _suspended("a complaint"), _suspended("two complaints")
    assert one.body != same.body
    assert one.says_the_same_as(same)
    assert not one.says_the_same_as(other)


def test_what_was_erased_contradicts_nothing_and_the_rest_still_counts() -> None:
    one, other = _suspended("a complaint"), _suspended("two complaints")
    assert erased(one).says_the_same_as(other)
    later = replace(other, at="2031-01-01T00:00:00+00:00")
    assert not erased(one).says_the_same_as(later)


def test_responses_that_differ_are_told_apart() -> None:
    kind = EVENT_TYPES["ResultHeld"]
    event = full(kind)
    result = event.result.model_copy(update={"responses": {"1": "A", "2": "B"}})
    others = [{"1": "A", "2": "C"}, {"1": "A"}, {"1": "A", "2": "B", "3": "C"}]
    one = Recorded.of(event.model_copy(update={"result": result}))
    assert one.says_the_same_as(Recorded.of(event.model_copy(update={"result": result})))
    for responses in others:
        other = event.model_copy(update={"result": result.model_copy(update={"responses": responses})})
        assert not one.says_the_same_as(Recorded.of(other)), responses


# --- programmes


def test_a_programme_is_kept_by_the_hash_of_its_content() -> None:
    recorded = Recorded.of(full(EVENT_TYPES["Registered"]))
    ((digest, body),) = recorded.beside.programmes.items()
    assert digest == sealing.digest(body)
    assert json.loads(recorded.body)["programme"] == {"pinned": digest}


def test_an_event_whose_programme_is_not_there_says_so() -> None:
    recorded = Recorded.of(full(EVENT_TYPES["Registered"]))
    with pytest.raises(ValueError, match=r"the programme \w+ is not there"):
        replace(recorded, beside=Beside(recorded.beside.texts, {})).event()
