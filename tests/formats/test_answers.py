"""Answers of builds of every age are read by today's client, and printed by every verb that shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from cli import advice, card, tables
from cli.printing import Printing
from cli.verbs import contact as contact_verb
from cli.verbs import reviews, timeline
from cli.verbs.attention import Found
from client import scheme
from client.candidacy import Foreseen
from client.receipts import TakenBefore
from domain.digests import matches
from domain.messages import parse_message
from tests.cases import case
from tests.formats.answers import BEFORE, paths, read
from tests.formats.journals import STATES
from tests.formats.lives import BY
from views.brief import BriefStatus
from views.contact import ContactView
from views.entries import TimelineEntry
from views.status import StatusView

PATHS = paths()
Change = Callable[[dict[str, Any]], dict[str, Any]]

PRINTINGS = (Printing(), Printing(as_json=True), Printing(as_csv=True))


def as_it_was(answers: dict[str, Any]) -> dict[str, Any]:
    return answers


def with_less(answers: dict[str, Any]) -> dict[str, Any]:
    """As a build might have answered that knew none of the optional fields."""
    timeline_of_old = [
        {key: entry[key] for key in ("sequence", "at", "type", "summary")} for entry in answers["timeline"]
    ]
    return {
        **answers,
        "status": _least(StatusView, answers["status"]),
        "contact": _least(ContactView, answers["contact"]),
        "timeline": timeline_of_old,
        "receipts": {
            key: {name: value for name, value in receipt.items() if name not in ("content", "superseded_at")}
            for key, receipt in answers["receipts"].items()
        },
        "foresee": [{"outcome": one["outcome"]} for one in answers["foresee"]],
    }


def _least(model: type[BaseModel], document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name, field in model.model_fields.items() if field.is_required()}


def with_bare_parts(answers: dict[str, Any]) -> dict[str, Any]:
    """As a build might have answered that knew every part, and of each part no optional field."""
    return {**answers, "status": _bare(StatusView.parse(answers["status"]), answers["status"])}


def _bare(view: BaseModel, document: dict[str, Any]) -> dict[str, Any]:
    return {name: _without_optional(getattr(view, name), value) for name, value in document.items()}


def _without_optional(value: Any, written: Any) -> Any:
    if isinstance(value, BaseModel):
        return {
            name: _without_optional(getattr(value, name), written[field.alias or name])
            for name, field in type(value).model_fields.items()
            if field.is_required()
        }
    if isinstance(value, dict):
        return {key: _without_optional(value[key], one) for key, one in written.items()}
    if isinstance(value, tuple):
        return [_without_optional(one, other) for one, other in zip(value, written, strict=True)]
    return written


WORDS = ("status", "path", "kind", "outcome", "cause", "guidance", "type")
LATER: dict[str, Any] = {"rate": 7.25, "list": [1, None]}


def with_more(answers: dict[str, Any]) -> dict[str, Any]:
    """As a newer build might answer: with unknown fields in every object, and unknown words wherever words stand."""
    newer: dict[str, Any] = _more(json.loads(json.dumps(answers)))
    status = newer["status"]
    status["attention"] = [*(status.get("attention") or []), "later-kind:M-1", "later-kind"]
    status["matters"] = [
        *(status.get("matters") or []),
        {"attention": "later-kind:M-1", "what": "x", "advice": "see `award_medal`", "later": 1},
    ]
    return newer


def _more(value: Any) -> Any:
    if isinstance(value, list):
        return [_more(one) for one in value]
    if not isinstance(value, dict) or not value:
        return value
    changed = {key: "later-word" if key in WORDS and isinstance(one, str) else _more(one) for key, one in value.items()}
    return changed if _has_names(value) else {**changed, "added_later": LATER}


def _has_names(value: dict[str, Any]) -> bool:
    """Whether the keys are names of domains or ids, and no fields."""
    return all(isinstance(one, dict) for one in value.values()) and "status" not in value


CHANGES = (as_it_was, with_less, with_bare_parts, with_more)


@pytest.fixture(scope="module", params=CHANGES, ids=lambda change: change.__name__)
def every_answer(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """The answers of each state, by its name, changed in one way."""
    return {path.stem: request.param(read(path)) for path in PATHS}


def test_the_answers_of_every_state_are_kept() -> None:
    assert {path.stem for path in PATHS} >= {BEFORE, *STATES}


def test_a_status_is_read_and_printed(
    every_answer: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, answers in every_answer.items():
        with case(name):
            status = StatusView.parse(answers["status"])
            tables.card(*card.of(status, scheme.titles()))
            printed = capsys.readouterr().out
            assert status.candidate_id in printed
            for value in status.attention:
                assert value in printed or status.closed_for_good


def test_what_needs_attention_is_listed(
    every_answer: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, answers in every_answer.items():
        with case(name):
            status = StatusView.parse(answers["status"])
            found = Found(())
            found.add(status)
            for printing in PRINTINGS:
                found.show(printing)
            printed = capsys.readouterr().out
            for matter in advice.cases(status):
                assert matter.attention in printed
                assert matter.command.startswith("./starter.py ")


def test_reviews_are_listed(every_answer: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    for name, answers in every_answer.items():
        with case(name):
            status = StatusView.parse(answers["status"])
            waiting = list(reviews.under_review(status))
            for printing in PRINTINGS:
                reviews.show(waiting, [], printing)
            printed = capsys.readouterr().out
            assert all(review.submission_id in printed for review in waiting[:1])


def test_lists_read_in_an_answer_what_the_models_read(every_answer: dict[str, dict[str, Any]]) -> None:
    for name, answers in every_answer.items():
        with case(name):
            whole, brief = StatusView.parse(answers["status"]), BriefStatus.parse_json(json.dumps(answers["status"]))
            assert list(advice.cases(brief)) == list(advice.cases(whole))
            assert list(reviews.under_review(brief)) == list(reviews.under_review(whole))
            assert brief.name == whole.name


def test_contact_details_are_printed(
    every_answer: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, answers in every_answer.items():
        with case(name):
            contact = ContactView.parse(answers["contact"])
            tables.table(("what", "is"), list(contact_verb.rows(contact, scheme.facts())))
            assert contact.email in capsys.readouterr().out


def test_a_timeline_is_printed(every_answer: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    for name, answers in every_answer.items():
        with case(name):
            entries = [TimelineEntry.read(entry) for entry in answers["timeline"]]
            timeline.show(entries)
            printed = capsys.readouterr().out
            for entry in answers["timeline"]:
                assert entry["type"] in printed
            assert json.dumps([entry.document() for entry in entries]) == json.dumps(answers["timeline"])


def test_receipts_and_what_is_foreseen_are_read(every_answer: dict[str, dict[str, Any]]) -> None:
    for name, answers in every_answer.items():
        with case(name):
            for one in answers["foresee"]:
                assert Foreseen.read(one).outcome == one["outcome"]
            for receipt in answers["receipts"].values():
                taken = TakenBefore.read(receipt)
                of = taken.receipt
                named = {"status": of.status, "events": list(of.events), "duplicate": True, "sequence": of.sequence}
                assert named.items() <= receipt.items()
                assert taken.content == receipt.get("content", "")
                without = {name: value for name, value in receipt.items() if name != "content"}
                assert json.dumps(of.document()) == json.dumps(without)


def test_the_content_of_a_receipt_of_any_age_is_recognised() -> None:
    (known,) = (path for path in PATHS if path.stem == "suspended")
    message = parse_message("suspend", json.dumps(BY).encode())
    contents = {receipt["content"]: receipt["events"] for receipt in read(known)["receipts"].values()}
    assert [events for content, events in contents.items() if matches(content, message)] == [["Suspended"]]


def _statuses() -> Iterator[str]:
    for path in PATHS:
        yield read(path)["status"]["status"]


def test_the_answers_have_every_status_of_a_life_that_goes_on() -> None:
    assert set(_statuses()) >= {
        "awaiting_purchase",
        "testing",
        "settling",
        "awaiting_review",
        "awaiting_experience",
        "certified",
        "recertifying",
        "grace",
        "lapsed",
        "suspended",
        "superseded",
        "withdrawn",
        "revoked",
    }
