"""The chain of formats: each step alone, two in a row, and a number that nobody knows."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from domain import formats
from domain.effects import Effect
from domain.events import Event
from domain.formats import CHAIN, FIRST, FORMAT, STEPS, Chain, NewerFormat, Step
from domain.scheme import Programme
from domain.state import State
from tests.cases import each


def _with(field: str, value: Any = None) -> Any:
    """A change that writes the field, or adds one to the number that is there."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, field: document.get(field, 0) + 1 if value is None else value}

    return change


TWO = Step(
    to=2,
    why="a test",
    journal=_with("j"),
    state=_with("s"),
    event=_with("e"),
    effect=_with("f"),
    programme=_with("p"),
    entry=_with("l"),
)


def _renames_a_rule(programme: dict[str, Any]) -> dict[str, Any]:
    """It finds what the step before it wrote."""
    assert programme["p"] == 1
    return {**programme, "p": 10}


THREE = Step(to=3, why="another test", programme=_renames_a_rule, state=_with("s", 30))

JOURNAL: dict[str, Any] = {
    "format": 1,
    "state": {"programme": {"title": "T"}, "sequence": 2},
    "events": [{"type": "Registered", "programme": {"title": "T"}}, {"type": "Withdrawn"}],
    "outbox": [{"effect": "notify"}],
    "ledger": {"m-1": {"digest": "d"}},
    "omitted": 0,
}


def test_one_step_changes_every_kind_of_document() -> None:
    assert Chain((TWO,)).journal(JOURNAL) == {
        "format": 2,
        "j": 1,
        "state": {"programme": {"title": "T", "p": 1}, "sequence": 2, "s": 1},
        "events": [{"type": "Registered", "programme": {"title": "T", "p": 1}, "e": 1}, {"type": "Withdrawn", "e": 1}],
        "outbox": [{"effect": "notify", "f": 1}],
        "ledger": {"m-1": {"digest": "d", "l": 1}},
        "omitted": 0,
    }


@each("kind", ["journal", "state", "event", "effect", "programme", "entry"])
def test_a_step_may_change_one_kind_alone(kind: str) -> None:
    step = Step(to=2, why="a test", **{kind: _with("new", kind)})
    after = Chain((step,)).journal(JOURNAL)
    assert str(after).count(f"'new': '{kind}'") == {"event": 2, "programme": 2}.get(kind, 1)


def test_two_steps_are_taken_one_after_the_other() -> None:
    after = Chain((TWO, THREE)).journal(JOURNAL)
    assert (after["format"], after["j"], after["state"]["s"]) == (3, 1, 30)
    assert after["state"]["programme"]["p"] == after["events"][0]["programme"]["p"] == 10


def test_a_journal_of_the_number_between_takes_only_the_second_step() -> None:
    second = Chain((TWO, THREE)).journal(Chain((TWO,)).journal(JOURNAL))
    assert second == Chain((TWO, THREE)).journal(JOURNAL)


def test_a_single_event_and_a_programme_are_read_by_their_number() -> None:
    chain = Chain((TWO, THREE))
    assert chain.event(JOURNAL["events"][0], 1) == {
        "type": "Registered",
        "programme": {"title": "T", "p": 10},
        "e": 1,
    }
    assert chain.event({"type": "Registered", "programme": {"p": 1}}, 2)["programme"]["p"] == 10
    assert chain.event({"type": "Withdrawn"}, 3) == {"type": "Withdrawn"}
    assert chain.programme({"title": "T"}, 1) == {"title": "T", "p": 10}


def test_what_is_read_is_not_changed_itself() -> None:
    before = repr(JOURNAL)
    Chain((TWO, THREE)).journal(JOURNAL)
    assert repr(JOURNAL) == before


@each("number", [FORMAT + 1, 99, 0, -1, "1", None, 1.0, True])
def test_a_number_that_this_build_does_not_know_is_refused_with_a_sentence(number: Any) -> None:
    document = {**JOURNAL, "contact": {"name": "Ana Ruiz", "email": "ana@example.org"}, "format": number}
    with pytest.raises(NewerFormat, match=f"this journal has format {number}, and this build reads no format after"):
        CHAIN.journal(document)
    with pytest.raises(NewerFormat, match="this event has format"):
        CHAIN.event({"type": "Withdrawn"}, number)
    with pytest.raises(NewerFormat, match="this programme has format"):
        CHAIN.programme({}, number)
    with pytest.raises(NewerFormat) as caught:
        CHAIN.journal(document)
    assert "Ana" not in str(caught.value)
    assert "example.org" not in str(caught.value)


def test_the_format_and_the_steps_belong_together() -> None:
    """Raise `FORMAT` together with a new `Step` at the end of `STEPS`: docs/changing.md says when."""
    assert CHAIN.newest == FORMAT
    assert [step.to for step in STEPS] == list(range(FIRST + 1, FORMAT + 1))
    assert all(step.why.strip() for step in STEPS)


def test_every_stored_programme_stands_in_a_field_that_the_chain_finds() -> None:
    for model, field in _programme_fields():
        assert field == formats._PROGRAMME, f"{model.__name__}.{field}"


def _programme_fields() -> Iterator[tuple[type[BaseModel], str]]:
    events = get_args(get_args(Event)[0])
    effects = get_args(get_args(Effect)[0])
    found = [
        (model, name)
        for model in (State, *events, *effects)
        for name, field in model.model_fields.items()
        if "Programme" in repr(field.annotation)
    ]
    assert (State, "programme") in found
    assert any(field.annotation is Programme for field in State.model_fields.values())
    return iter(found)
