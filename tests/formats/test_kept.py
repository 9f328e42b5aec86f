"""What must be kept is kept, nothing that stands was changed, and each step that is forgotten is told.

The changes are made in the test, on models that are extended here, and never in what is kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field, create_model

from activities.rendering import TemplateFault
from activities.requests import NoticeRequest
from domain import events, scheme
from domain.commands import MESSAGES, Suspend
from domain.effects import Notify
from domain.events import LaterEvent, Withdrawn
from domain.formats import CHAIN, FORMAT, STEPS, Chain, Step
from domain.scheme import Programme, TestingRules
from domain.state import State
from domain.vocabulary import HoldReason
from tests.cases import each
from tests.formats import __main__ as command
from tests.formats import digests, kept, shapes, specimens
from tests.formats.journals import JOURNALS, read
from tests.formats.kept import Addition, examples
from tests.formats.newer import lost
from tests.formats.shapes import Line
from views.timeline import summary_of
from workflows.journal import Journal

EXTENDED: Any = create_model
"""Makes a model of a later build; its fields are no types that a checker could know."""

RUN = "run `make formats` and commit what it writes"


# --- what stands


def test_nothing_that_is_kept_has_changed() -> None:
    assert list(kept.changed()) == []
    assert list(kept.not_noted()) == [], RUN


@each("keeper", command.KEEPERS)
def test_the_code_of_today_agrees_with_what_is_kept(keeper: Any) -> None:
    assert list(keeper.faults()) == []
    assert [addition.path.name for addition in keeper.additions()] == [], RUN


@each("path", [*specimens.READERS, specimens.NOTICES_FILE])
def test_every_kind_has_examples(path: Path) -> None:
    assert len(examples(path)) >= len({one["kind"] for one in examples(path)}) > 2


# --- the keeping itself


def _folder(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "journals" / "1").mkdir(parents=True)
    (tmp_path / "journals" / "1" / "a.json").write_text("{\n}\n")
    kept.write([Addition(tmp_path / "e.jsonl", ("{}", '{"a": "\u2028"}'), "")], tmp_path, tmp_path / "kept.txt")
    return tmp_path, tmp_path / "kept.txt"


def test_lines_may_be_added_at_the_end_and_are_noted(tmp_path: Path) -> None:
    folder, sums = _folder(tmp_path)
    assert [line.split()[:2] for line in sums.read_text().splitlines()] == [
        ["e.jsonl", "2"],
        ["journals/1/a.json", "2"],
    ]
    (folder / "e.jsonl").write_text((folder / "e.jsonl").read_text() + "{}\n")
    assert list(kept.changed(folder, sums)) == []
    assert list(kept.not_noted(folder, sums)) == [
        "tests/formats/e.jsonl has lines that `make formats` has not noted: run it"
    ]
    kept.write([], folder, sums)
    assert list(kept.not_noted(folder, sums)) == []


@pytest.mark.parametrize("text", ["{}\n", '{"b": 1}\n{}\n', "{}\n{}\n", ""])
def test_a_line_that_was_changed_or_taken_out_is_told(tmp_path: Path, text: str) -> None:
    folder, sums = _folder(tmp_path)
    (folder / "e.jsonl").write_text(text)
    (told,) = kept.changed(folder, sums)
    assert told.startswith("tests/formats/e.jsonl")
    assert "put it back" in told


def test_a_file_that_was_deleted_is_told(tmp_path: Path) -> None:
    folder, sums = _folder(tmp_path)
    (folder / "journals" / "1" / "a.json").unlink()
    assert list(kept.changed(folder, sums)) == [
        "tests/formats/journals/1/a.json is gone: put it back as it was (git checkout), for candidacies of that age"
        " still exist"
    ]


def test_nothing_is_written_while_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "KEEPERS", ())
    monkeypatch.setattr(kept, "changed", lambda: iter(["tests/formats/x has changed"]))
    monkeypatch.setattr(kept, "write", lambda _additions: pytest.fail("it wrote"))
    assert command.main() == 1
    assert capsys.readouterr().err == "tests/formats/x has changed.\nNothing was written.\n"


# --- the shape


SOME = (
    Line("stored State.closed_why", "str", "''"),
    Line("stored Withdrawn.at", "datetime"),
    Line("stored TestingRules.window_months", "int ge 1 le 600"),
    Line("word HoldReason.conflict", "word"),
    Line("message suspend.by", "str"),
    Line("message record_assessment_result.revision", "int", "1"),
    Line("request NoticeRequest.key", "str"),
    Line("answer StatusView.status", "Status | str"),
)


def _told(change: dict[str, Line | None]) -> list[str]:
    """What is told of a shape with these lines in place of some of its own."""
    before = list(SOME)
    now = {line.name: line for line in before}
    for name, line in change.items():
        now.pop(name, None)
        if line:
            now[line.name] = line
    return list(shapes.compared(before, list(now.values())))


FIELD = "stored State.closed_why"


@each(
    ("change", "told"),
    [
        ({FIELD: None}, "stored State.closed_why is gone or has another name"),
        ({FIELD: Line("stored State.why", "str", "''")}, "stored State.closed_why is gone or has another name"),
        ({FIELD: Line(FIELD, "int", "''")}, "was `str = ''` and is now `int = ''`"),
        ({FIELD: Line(FIELD, "str")}, "is now `str, to be given`"),
        ({FIELD: Line(FIELD, "str", "'x'")}, "was `str = ''` and is now `str = 'x'`"),
        ({"": Line("stored State.new", "int")}, "stored State.new is new and has no default"),
        ({"": Line("stored TestingRules.new", "int")}, "stored TestingRules.new is new and has no default"),
        ({"word HoldReason.conflict": None}, "word HoldReason.conflict is gone"),
        ({"message suspend.by": None}, "message suspend.by is gone"),
        ({"": Line("message suspend.new", "str")}, "message suspend.new is new and has no default"),
        (
            {
                "message record_assessment_result.revision": Line(
                    "message record_assessment_result.revision", "int", "2"
                )
            },
            "was `int = 1` and is now `int = 2`",
        ),
        ({"message suspend.by": Line("message suspend.by", "str", "'x'")}, "and is now `str = 'x'`"),
        ({"": Line("request NoticeRequest.new", "str")}, "request NoticeRequest.new is new and has no default"),
        ({"answer StatusView.status": None}, "answer StatusView.status is gone"),
    ],
)
def test_a_change_that_is_no_addition_is_told(change: dict[str, Line | None], told: str) -> None:
    (sentence,) = _told(change)
    assert told in sentence
    stored = next(iter(change)).startswith(("stored", "word")) or any(
        line and line.name.startswith("stored") for line in change.values()
    )
    assert ("raise FORMAT" in sentence) is stored
    assert "docs/changing.md" in sentence or "give it a default" in sentence


@each(
    "line",
    [
        Line("stored State.new", "int", "0"),
        Line("stored MedalAwarded.medal", "str"),
        Line("word HoldReason.new", "word"),
        Line("message suspend.new", "None | str", "None"),
        Line("message award_medal.medal", "str"),
        Line("answer StatusView.new", "str", "''"),
        Line("stored Withdrawn.at", "datetime", "None"),
    ],
)
def test_an_addition_is_allowed(line: Line) -> None:
    assert _told({line.name: line}) == []


def test_the_lines_are_read_as_they_are_written() -> None:
    assert [Line.read(str(line)) for line in shapes.today()] == shapes.today()


def test_the_shape_sees_every_model_and_each_bound() -> None:
    names = {line.name: line for line in shapes.today()}
    models = {line.model for line in names.values()}
    assert {f"stored {kind}" for kind in events.EVENT_TYPES} <= models
    assert {f"stored {kind}" for kind in specimens.EFFECT_TYPES} <= models
    assert {f"request {kind}" for kind in specimens.SHAPES} <= models
    assert {f"message {name}" for name in digests.KINDS} <= models
    assert {"stored Programme", "stored RuleSet", "stored ContactRecord", "stored Remembered", "stored Score"} <= models
    assert names["stored TestingRules.window_months"].type == "int ge 1 le 600"
    assert {f"word HoldReason.{word}" for word in HoldReason} <= set(names)


def test_a_narrower_bound_is_seen() -> None:
    narrower = EXTENDED("T", __base__=TestingRules, window_months=(int, Field(ge=1, le=36)))
    assert shapes.written(narrower.model_fields["window_months"]) == "int ge 1 le 36"
    words = EXTENDED("W", __base__=Withdrawn, about=(Literal["a", "b"], "a"))
    assert shapes.written(words.model_fields["about"]) == "'a' or 'b'"


# --- examples


def test_a_new_kind_and_a_new_field_need_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    medal = EXTENDED("MedalAwarded", __base__=Withdrawn, type=(Literal["MedalAwarded"], "MedalAwarded"))
    monkeypatch.setattr(specimens, "EVENT_TYPES", {"Withdrawn": Withdrawn, "MedalAwarded": medal})
    (addition,) = specimens.additions()
    assert [json.loads(line)["kind"] for line in addition.lines] == ["MedalAwarded", "MedalAwarded"]
    longer = EXTENDED("Notify", __base__=Notify, copy_to=(str | None, None))
    monkeypatch.undo()
    monkeypatch.setattr(specimens, "EFFECT_TYPES", {**specimens.EFFECT_TYPES, "Notify": longer})
    (addition,) = specimens.additions()
    assert [json.loads(line)["document"]["copy_to"] for line in addition.lines] == [
        "two\nlines\u2028\x1b[31m – Ünïcode 日本\t"
    ]


def test_a_new_message_and_a_new_field_of_one_need_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    later = EXTENDED("Suspend", __base__=Suspend, until=(str | None, None))
    monkeypatch.setitem(digests.KINDS, "award_medal", later)
    told = list(digests.faults())
    assert (
        "no example of award_medal gives until: add one to tests/formats/examples.py, then run `make formats`" in told
    )
    assert (
        "no example of award_medal gives reason: add one to tests/formats/examples.py, then run `make formats`" in told
    )


def test_a_message_that_was_taken_before_and_is_refused_today_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stricter = EXTENDED("Suspend", __base__=Suspend, until=(str, ...))
    monkeypatch.setitem(MESSAGES, "suspend", stricter)
    told = list(digests.faults())
    assert "suspend is invalid: until: is required" in told[0]
    assert "the contract only grows" in told[0]


def test_a_digest_that_is_another_one_today_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "digest_of", lambda _message: "1:other")
    told = list(digests.faults())
    assert len(told) == len(examples(digests.MESSAGES_FILE))
    assert all("has another digest than the ledgers of open candidacies" in one for one in told)


def test_an_event_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(events.EVENT_TYPES, "Withdrawn")
    told = list(specimens.faults())
    assert told
    assert all("Withdrawn is not known any more" in one for one in told)


def test_a_template_that_needs_a_fact_that_older_builds_did_not_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Demanding:
        def render(self, notice: str, name: str, facts: dict[str, Any]) -> tuple[str, str]:
            if "medal" not in facts:
                raise TemplateFault(f"Template {notice}: 'medal' is undefined.")
            return name, ""

    monkeypatch.setattr(specimens, "Renderer", Demanding)
    told = list(specimens.faults())
    assert len(told) == len(examples(specimens.NOTICES_FILE))
    assert "must do without what those facts do not have" in told[0]


@each("example", examples(specimens.REQUESTS_FILE))
def test_a_request_of_a_newer_build_is_read(example: dict[str, Any]) -> None:
    newer = {**example, "document": {**example["document"], "added_later": {"a": 1}}}
    assert specimens.read_request(newer) == specimens.read_request(example)


def test_a_request_has_nothing_that_only_its_own_build_could_read() -> None:
    assert NoticeRequest.model_config.get("extra") == "ignore"


@each("example", examples(specimens.EVENTS_FILE))
def test_a_single_event_of_any_age_is_read_and_has_a_sentence(example: dict[str, Any]) -> None:
    event = specimens.read_event(example)
    assert not isinstance(event, LaterEvent)
    assert not list(lost(example["document"], event.model_dump(mode="json"))) or example["format"] != 1
    assert summary_of(event)


# --- steps


def test_a_new_number_that_a_scheme_must_have_needs_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, every pinned programme is unreadable; with one, each gets what held when it was pinned."""
    rules = EXTENDED("TestingRules", __base__=TestingRules, new_number=(int, ...))
    line = Line("stored TestingRules.new_number", shapes.written(rules.model_fields["new_number"]))
    assert "new_number is new and has no default" in _told({line.name: line})[0]
    rule_set = EXTENDED("RuleSet", __base__=scheme.RuleSet, testing=(rules, ...))
    programme = EXTENDED("Programme", __base__=Programme, rules=(rule_set, ...))
    state = EXTENDED("State", __base__=State, programme=(programme, ...))
    document = CHAIN.journal(read(JOURNALS / "1" / "recertifying.json"))
    with pytest.raises(ValueError, match="new_number"):
        state.model_validate(document["state"])

    def with_the_number(pinned: dict[str, Any]) -> dict[str, Any]:
        return {
            **pinned,
            "rules": {**pinned["rules"], "testing": {**pinned["rules"]["testing"], "new_number": 3}},
        }

    why = "an older build would not keep to the number"
    after = Chain((*STEPS, Step(to=FORMAT + 1, why=why, programme=with_the_number)))
    moved = after.journal(document)
    assert state.model_validate(moved["state"]).programme.rules.testing.new_number == 3
    in_events = [event["programme"] for event in moved["events"] if "programme" in event]
    assert [programme.model_validate(one).rules.testing.new_number for one in in_events] == [3, 3]
    # The build before refuses what has the number of the newer format, and keeps it as an addition within its own.
    kept_by_this_build = Journal.read({**moved, "format": FORMAT}).carried()
    assert kept_by_this_build["state"]["programme"]["rules"]["testing"]["new_number"] == 3
