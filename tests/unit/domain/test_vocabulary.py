"""The vocabulary in code: every event can be stored, told and folded, every message is decided, every alarm rung."""

import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from domain import commands, rulebook
from domain import events as e
from domain.commands import MESSAGES, Message
from domain.decision import Alarm, Decision
from domain.notices import WITH_NOTICE, notice_of
from domain.vocabulary import AlarmKind, AttentionKind
from runtime.settings import ROOT
from tests.cases import each
from tests.samples import build
from tests.unit.domain.builders import START, Candidacy
from views.alarms import what
from views.timeline import SENTENCES, summary_of
from views.words import ATTENTION

EVENT_CLASSES: dict[str, type[e.BaseEvent]] = {kind.__name__: kind for kind in get_args(get_args(e.Event)[0])}


# --- events ---


def test_every_event_is_in_the_union_of_all() -> None:
    def all_of(kind: type[e.BaseEvent]) -> set[str]:
        own = {kind.__name__} if "type" in kind.model_fields and kind is not e.LaterEvent else set[str]()
        return own.union(*(all_of(one) for one in kind.__subclasses__() if one.__module__.startswith("domain.")))

    assert all_of(e.BaseEvent) == EVENT_CLASSES.keys()


@each("full", [True, False])
@each("name", sorted(EVENT_CLASSES))
def test_an_event_survives_its_journey_as_json(name: str, full: bool) -> None:
    event = build(EVENT_CLASSES[name], full=full)
    assert event.model_dump()["type"] == name
    again = e.EVENTS.validate_json(e.EVENTS.dump_json(event))  # type: ignore[arg-type]
    assert again == event
    assert type(again) is EVENT_CLASSES[name]
    assert e.EVENTS.validate_python(event.model_dump(mode="json")) == event


@each("full", [True, False])
@each("name", sorted(EVENT_CLASSES))
def test_the_summary_is_one_plain_english_line(name: str, full: bool) -> None:
    summary = summary_of(build(EVENT_CLASSES[name], full=full))
    assert summary.isprintable()
    assert summary == " ".join(summary.split())
    assert len(summary) > len("closed")
    assert summary != name
    assert not re.search(r"None|Decimal\(|datetime|\{|<", summary)


def test_every_event_has_its_sentence_on_the_timeline() -> None:
    """Without one it would be shown as the event of a newer build is."""
    without = [name for name, kind in EVENT_CLASSES.items() if kind not in SENTENCES]
    assert not without, "add a sentence for each to SENTENCES in views/timeline.py"


def test_every_attention_value_has_its_words() -> None:
    """Without them it would be shown as one of a newer build is."""
    without = [kind for kind in AttentionKind if kind not in ATTENTION]
    assert not without, "add the words of each to ATTENTION in views/words.py"


@each("name", sorted(EVENT_CLASSES))
def test_an_event_is_frozen_and_an_older_build_keeps_what_was_added(name: str) -> None:
    event = build(EVENT_CLASSES[name], full=True)
    with pytest.raises(ValueError, match="frozen"):
        event.sequence = 9  # type: ignore[misc]
    newer = event.model_dump(mode="json") | {"added_later": 1}
    read = e.EVENTS.validate_python(newer)
    assert type(read) is EVENT_CLASSES[name]
    assert read.model_dump(mode="json") == newer


def test_a_rule_that_misspells_a_field_of_its_event_fails() -> None:
    decision = Decision(None, datetime(2040, 1, 1, tzinfo=UTC), rulebook.evolve)
    with pytest.raises(TypeError, match="Withdrawn has no field reasn"):
        decision.record(e.Withdrawn, reasn="retired")


def test_every_event_is_folded_or_known_to_change_nothing() -> None:
    silent = {"Registered", "Withdrawn", "Revoked"}
    folded = {kind.__name__ for kind in rulebook.FOLDS}
    assert folded | silent >= set(EVENT_CLASSES)


def test_every_notice_has_its_template() -> None:
    templates = ROOT / "activities" / "templates"
    assert not [notice_of(kind) for kind in WITH_NOTICE if not (templates / f"{notice_of(kind)}.txt.j2").is_file()]


# --- messages ---


def test_every_message_of_a_module_stands_in_the_list_of_messages() -> None:
    modules = [f"domain.commands.{path.stem}" for path in Path(commands.__file__).parent.glob("*.py")]
    named = {
        one
        for module in map(import_module, modules)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Message) and one is not Message
    }
    assert named == set(MESSAGES.values())
    assert {one.__name__ for one in named} <= set(commands.__all__)


def test_every_message_says_what_it_is_for() -> None:
    assert all(MESSAGES[name].message == name for name in MESSAGES)
    assert all(MESSAGES[name].about for name in MESSAGES)


def test_every_message_has_a_decider() -> None:
    assert set(MESSAGES.values()) <= set(rulebook.DECIDERS)


# --- the rulebook ---


def test_no_two_matters_decide_the_same() -> None:
    for table in ("deciders", "rings", "folds"):
        keys = [key for matter in rulebook.MATTERS for key in getattr(matter, table)]
        assert len(keys) == len(set(keys)), table


def test_every_alarm_has_what_it_leads_to() -> None:
    assert set(rulebook.RINGS) == set(AlarmKind)


@each("kind", list(AlarmKind))
def test_every_alarm_has_words(kind: AlarmKind) -> None:
    alarm = Alarm(at=START, kind=kind, subject="people-management", days=7)
    assert what(alarm, Candidacy().state)


def test_every_matter_stands_in_the_rulebook() -> None:
    folder = Path(rulebook.__file__).parent / "matters"
    modules = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    assert {id(import_module(f"domain.matters.{name}").MATTER) for name in modules} == {
        id(matter) for matter in rulebook.MATTERS
    }
