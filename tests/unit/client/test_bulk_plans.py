"""What `import` and `results` do with a row, and what they say came of it; candidacies answer as they are told to."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from client.bulk import delivering, enrolling
from client.bulk.act import BadRow, Plan
from client.bulk.outcomes import Files
from client.candidacy import Candidacy
from client.enrolment import checked
from client.errors import (
    ClientError,
    Closed,
    NotFound,
    NoWorkerOfBuild,
    OpenedBefore,
    Refused,
    StillClosing,
    Unreachable,
    Unreadable,
)
from client.finding import Entry
from client.list_language import Filter
from client.receipts import Receipt

NOBODY = cast(Any, None)
"""In place of a Temporal client: nothing here asks a server."""
ID = "certification:CCMA:C-1"
FILES = Files(Path("o.csv"))
NOW = datetime.now(UTC)


async def told(plan: Plan[Any]) -> dict[int, str]:
    """What came of each item, as it stands in the outcome file."""
    found: dict[int, str] = {number: str(outcome) for number, outcome in plan.known.items()}
    for thing in plan.things:
        await plan.work(thing, lambda item, outcome: found.update({item.number: str(outcome)}))
    return dict(sorted(found.items()))


# --- registrations


def person(line: int, purchased: timedelta | None = None) -> enrolling.Person:
    document: dict[str, Any] = {"candidate_id": f"C-{line}", "designation": "CCMA", "name": "Ana", "email": "a@b.de"}
    if purchased is not None:
        document["purchase"] = {"reference": "INV-1", "purchased_at": (NOW - purchased).isoformat(timespec="seconds")}
    return enrolling.Person(line, checked(json.dumps(document).encode()))


def options(**changes: Any) -> enrolling.Options:
    return enrolling.Options(FILES)._replace(**changes)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("registered", "registered"),
        ("already enrolled", "already enrolled"),
        (
            Closed("x", ID, "withdrawn"),
            "refused: the candidacy is closed (withdrawn); to open a new one on purpose, add --re-enrol",
        ),
        (
            Closed("x", ID, "terminated"),
            "refused: the candidacy is closed (terminated). Somebody has ended its workflow from outside. "
            "A reset brings it back: see docs/admin-guide.md.",
        ),
        (
            OpenedBefore("x", ID, "withdrawn"),
            "refused: the candidacy is closed (withdrawn); an earlier run of this command has opened it; "
            "to open one more, give another --outcome file",
        ),
        (
            StillClosing("x", ID, "withdrawn"),
            "failed: the candidacy is closed (withdrawn); its last notices or records still go out: "
            "run the same command again",
        ),
        (Refused("C-2 is enrolled already"), "refused: C-2 is enrolled already"),
    ],
)
async def test_what_comes_of_a_registration(
    outcome: str | ClientError, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def enrol(*_: Any, **__: Any) -> str:
        if isinstance(outcome, ClientError):
            raise outcome
        return outcome

    monkeypatch.setattr(enrolling, "enrol", enrol)
    plan = enrolling.plan(NOBODY, [person(2)], {5: BadRow("C-5", "email: is empty")}, options())
    assert [item.number for item in plan.items] == [2, 5]
    assert await told(plan) == {2: text, 5: "bad: email: is empty"}


async def test_a_purchase_whose_window_is_over_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def not_there(*_: Any) -> None:
        raise NotFound("x", ID)

    monkeypatch.setattr(enrolling, "check_enrolled", not_there)
    late, young = person(2, timedelta(days=1000)), person(3, timedelta(days=10))
    found = await told(enrolling.plan(NOBODY, [late, young], {}, options(dry_run=True)))
    assert found[2].startswith("refused: testing that was purchased on ")
    assert found[3] == "would be registered"


async def test_with_re_enrol_a_row_is_one_act_of_its_outcome_file(monkeypatch: pytest.MonkeyPatch) -> None:
    acts: list[str | None] = []

    async def enrol(*_: Any, act: str | None, **__: Any) -> str:
        acts.append(act)
        return "registered"

    monkeypatch.setattr(enrolling, "enrol", enrol)
    again = options(re_enrol=True)
    for chosen in (options(), again, again, again._replace(files=Files(Path("next-year.csv")))):
        await told(enrolling.plan(NOBODY, [person(2)], {}, chosen))
    assert acts[0] is None
    assert acts[1] == acts[2] != acts[3]


async def test_who_is_enrolled_under_an_id_that_looks_like_the_rows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def candidacies(_client: object, wanted: Filter) -> Any:
        assert wanted == Filter(), "closed ones count too, and those of other designations"
        for name in ("C-002", "c-3", "C-4", "c-4", "X-9"):
            yield Entry(name, "CCOM", "", "", None, None, None, (), "", "completed")

    monkeypatch.setattr("client.finding.candidacies", candidacies)
    found = await enrolling.enrolled_alike(NOBODY, [person(line) for line in (2, 3, 4, 5)])
    assert [(one.row.number, one.enrolled) for one in found] == [(2, "C-002"), (3, "c-3")]


# --- results


def result(line: int, candidate: str = "C-1", **fields: Any) -> delivering.Result:
    document = {
        "result_id": f"R-{line}",
        "domain": "people-management",
        "taken_at": "2026-11-01T10:00:00Z",
        "percentage": "80",
        "message_id": f"m-{line}",
        **fields,
    }
    candidacy, payload, message_id = (
        Candidacy(candidate, "CCMA"),
        json.dumps(document).encode(),
        str(document["message_id"]),
    )
    return delivering.Result(line, candidacy, payload, f"digest of {line}", f"R-{line}", 1, message_id)


def answering(monkeypatch: pytest.MonkeyPatch, known: dict[str, Any], answers: Sequence[Any]) -> list[str]:
    """Every candidacy knows these receipts, and answers the updates one after the other; the ids that were sent."""
    waiting, sent = list(answers), []

    async def query(*_: Any) -> dict[str, Any]:
        return known

    async def update(_self: Candidacy, _client: object, _name: str, payload: bytes) -> Receipt:
        sent.append(json.loads(payload)["message_id"])
        answer = waiting.pop(0)
        if isinstance(answer, ClientError):
            raise answer
        return Receipt.read({"duplicate": False, "events": answer})

    monkeypatch.setattr(Candidacy, "raw_answer", query)
    monkeypatch.setattr(Candidacy, "update", update)
    return sent


async def test_only_what_is_new_is_sent_and_each_row_has_its_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"m-2": {"content": result(2).digest}}
    refused = Refused("C-1 for CCMA: refused, no", reason="no")
    sent = answering(monkeypatch, known, [["AssessmentPassed", "Certified"], ["ResultHeld"], refused])
    rows = [result(line) for line in (2, 3, 4, 5)]
    plan = delivering.plan(NOBODY, rows, {9: BadRow("", "is too long")}, FILES, {}, dry_run=False)
    assert len(plan.things) == 1, "one candidacy's rows go one after another"
    assert await told(plan) == {
        2: "duplicate",
        3: "taken: AssessmentPassed, Certified",
        4: "held: a person decides, see `./starter.py attention`",
        5: "refused: no",
        9: "bad: is too long",
    }
    assert sent == ["m-3", "m-4", "m-5"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (NoWorkerOfBuild("C-1 for CCMA", "certpath:v1", closed="expired"), "closed: expired"),
        (Unreadable("It answers in a way that this build cannot read."), "failed: It answers in a way that this"),
    ],
)
async def test_one_candidacy_that_cannot_say_what_it_knows_keeps_no_other_one_from_its_rows(
    monkeypatch: pytest.MonkeyPatch, answer: ClientError, outcome: str
) -> None:
    sent = answering(monkeypatch, {}, [["AssessmentPassed"]])

    async def receipts(candidacy: Candidacy, *_: Any) -> dict[str, Any]:
        if candidacy.candidate_id == "C-1":
            raise answer
        return {}

    async def polling(_client: object) -> bool:
        return True

    monkeypatch.setattr(Candidacy, "receipts", receipts)
    monkeypatch.setattr("client.answers.worker_polls", polling)
    rows = [result(2), result(3), result(4, "C-2")]
    found = await told(delivering.plan(NOBODY, rows, {}, FILES, {}, dry_run=False))
    assert found[4] == "taken: AssessmentPassed"
    assert all(found[number].startswith(outcome) for number in (2, 3))
    assert sent == ["m-4"]


async def test_whoever_is_closed_is_so_for_the_rows_behind_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = answering(monkeypatch, {}, [["AssessmentFailed"], Closed("x", ID, "withdrawn")])
    plan = delivering.plan(NOBODY, [result(2), result(3), result(4)], {}, FILES, {}, dry_run=False)
    assert await told(plan) == {2: "taken: AssessmentFailed", 3: "closed: withdrawn", 4: "closed: withdrawn"}
    assert sent == ["m-2", "m-3"]


async def test_whoever_temporal_has_forgotten_is_closed_if_the_record_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = [NotFound("x", Candidacy(name, "CCMA").workflow_id) for name in ("C-1", "C-2")]
    answering(monkeypatch, {}, missing)
    rows = [result(2), result(3, "C-2")]
    closed = {Candidacy("C-1", "CCMA").workflow_id: "expired"}
    found = await told(delivering.plan(NOBODY, rows, {}, FILES, closed, dry_run=False))
    assert found == {
        2: "closed: expired",
        3: "unknown: there is no such candidacy (yet); the next run of this file tries again",
    }


async def test_a_server_that_is_gone_is_no_outcome_of_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {}, [Unreachable("gone")])
    plan = delivering.plan(NOBODY, [result(2)], {}, FILES, {}, dry_run=False)
    with pytest.raises(Unreachable):
        await told(plan)


def foreseeing(monkeypatch: pytest.MonkeyPatch, answers: list[dict[str, Any]] | ClientError) -> list[Any]:
    """Every candidacy knows no receipts, is open, and foresees this; the arguments of the questions."""
    asked: list[Any] = []

    async def query(_self: Candidacy, _client: object, name: str, *arguments: Any) -> Any:
        if name == "receipts":
            return {}
        asked.append((name, *arguments))
        if isinstance(answers, ClientError):
            raise answers
        return answers

    async def check_open(*_: Any) -> None:
        """It is open."""

    monkeypatch.setattr(Candidacy, "raw_answer", query)
    monkeypatch.setattr(Candidacy, "check_open", check_open)
    return asked


async def test_a_dry_run_says_what_the_rules_would_do_with_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[dict[str, Any]] = [
        {"outcome": "taken", "events": ["AssessmentPassed", "Certified"]},
        {"outcome": "taken", "events": ["ResultHeld"]},
        {"outcome": "refused", "code": "outside-window", "reason": "it was taken too late"},
        {"outcome": "duplicate", "events": []},
        {"outcome": "open", "reason": "it must be marked first"},
        {"outcome": "something newer", "reason": "who knows"},
    ]
    asked = foreseeing(monkeypatch, answers)
    rows = [result(line) for line in range(2, 8)]
    assert await told(delivering.plan(NOBODY, rows, {}, FILES, {}, dry_run=True)) == {
        2: "would be taken: AssessmentPassed, Certified",
        3: "would be held: ResultHeld",
        4: "would be refused: it was taken too late",
        5: "duplicate",
        6: "cannot be foreseen: it must be marked first",
        7: "cannot be foreseen: who knows",
    }
    ((name, message, payloads),) = asked
    assert (name, message) == ("foresee", "record_assessment_result")
    assert [json.loads(payload)["message_id"] for payload in payloads] == [f"m-{line}" for line in range(2, 8)]


@pytest.mark.parametrize("answer", [[], Refused("there is no query foresee")])
async def test_where_the_worker_cannot_say_a_dry_run_promises_nothing(
    answer: list[dict[str, Any]] | ClientError, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreseeing(monkeypatch, answer)
    found = await told(delivering.plan(NOBODY, [result(2)], {}, FILES, {}, dry_run=True))
    assert found == {2: "cannot be foreseen: the worker does not say what would come of it"}
