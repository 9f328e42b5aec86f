"""Asking many candidacies where they stand: who is asked, and what their silence means."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from client import answers, asking
from client.asking import Answer, Heard
from client.candidacy import Candidacy
from client.errors import NotFound, NoWorker, NoWorkerOfBuild, Refused
from client.finding import Entry
from tests.unit.entries import entry


def answer(number: int) -> dict[str, Any]:
    return {"candidate_id": f"C{number}", "designation": "CCSL", "status": "testing", "sequence": number}


GONE = NotFound("gone", "certification:CCSL:B")


class Candidates:
    """Answers instead of a worker: what happens to the query of each, by candidate."""

    def __init__(self, **outcomes: Any) -> None:
        self.outcomes = outcomes
        self.asked: dict[str, str | None] = {}

    async def query(self, whom: Any, _client: object, _name: str, run_id: str | None) -> Any:
        self.asked[whom.candidate_id] = run_id
        outcome = self.outcomes[whom.candidate_id]
        if callable(outcome):
            outcome = await outcome()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture(params=[True, False], ids=["a worker was seen lately", "no worker"])
def seen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """What the server says of workers."""
    lately: bool = request.param

    async def polls(_client: object) -> bool:
        return lately

    monkeypatch.setattr(answers, "worker_polls", polls)
    return lately


@pytest.fixture(autouse=True)
def _polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers of one build ask for work."""

    async def polling(_client: object) -> set[str | None]:
        return {"certpath:v2"}

    monkeypatch.setattr(answers, "polling", polling)


async def listed(entries: list[Entry]) -> AsyncIterator[Entry]:
    for one in entries:
        yield one


async def asked(candidates: Candidates, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(Candidacy, "raw_answer", lambda *given, **run: candidates.query(*given, **run))
    entries = listed([entry(name) for name in candidates.outcomes])
    found: list[Answer] = [one async for one in asking.statuses(cast(Any, None), entries)]
    return {one.entry.candidate_id: summed(one) for one in found}


def summed(found: Answer) -> Any:
    """The answer's number; None for silence, and the word for who is gone."""
    if found.heard is Heard.ANSWERED:
        assert found.status is not None
        return answer(found.status.sequence)
    assert found.status is None
    return "gone" if found.heard is Heard.GONE else None


async def test_everybody_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    people = Candidates(**{f"C{number}": answer(number) for number in range(100)})
    assert await asked(people, monkeypatch) == people.outcomes
    assert sorted(people.asked) == sorted(people.outcomes)


async def test_a_closed_enrolment_is_asked_itself_and_not_a_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    people = Candidates(A=answer(1), B=answer(2))
    monkeypatch.setattr(Candidacy, "raw_answer", lambda *given, **run: people.query(*given, **run))
    entries = [entry("A", run_id="r-1"), entry("B", run_id="r-2", execution="completed")]
    assert len([one async for one in asking.statuses(cast(Any, None), listed(entries))]) == 2
    assert people.asked == {"A": None, "B": "r-2"}


async def test_the_deleted_are_left_out_and_who_cannot_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    people = Candidates(A=answer(1), B=GONE, C=Refused("its input was no registration"))
    assert await asked(people, monkeypatch) == {"A": answer(1), "B": "gone", "C": None}


async def test_where_nobody_answers_nobody_is_asked_in_vain(monkeypatch: pytest.MonkeyPatch, seen: bool) -> None:
    # A worker that was just killed is still one that was seen lately.
    people = Candidates(**{f"C{number}": NoWorker("nobody") for number in range(1000)})
    with pytest.raises(NoWorker):
        await asked(people, monkeypatch)
    assert len(people.asked) < 50


async def test_where_the_worker_goes_the_rest_is_not_asked(monkeypatch: pytest.MonkeyPatch, seen: bool) -> None:
    there = {f"A{number}": answer(number) for number in range(40)}
    people = Candidates(**there, **{f"C{number}": NoWorker("nobody") for number in range(1000)})
    with pytest.raises(NoWorker):
        await asked(people, monkeypatch)
    assert len(people.asked) < 90


@pytest.mark.parametrize("others", [1, 60])
async def test_one_that_is_stuck_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, seen: bool, others: int
) -> None:
    people = Candidates(
        S=NoWorker("no answer within 10 seconds"), **{f"C{number}": answer(number) for number in range(others)}
    )
    if not seen:
        with pytest.raises(NoWorker):
            await asked(people, monkeypatch)
        return
    assert await asked(people, monkeypatch) == {**people.outcomes, "S": None}


@pytest.mark.parametrize("number", [1, 2, 15])
async def test_where_none_of_a_few_answers_there_is_no_worker(
    monkeypatch: pytest.MonkeyPatch, seen: bool, number: int
) -> None:
    # However lately one was seen: it may have died since.
    people = {f"C{one}": NoWorker("nobody") for one in range(number)}
    with pytest.raises(NoWorker):
        await asked(Candidates(**people, D=GONE), monkeypatch)


@pytest.mark.parametrize("seen", [True], indirect=True)
async def test_who_cannot_answer_was_asked_by_a_worker(monkeypatch: pytest.MonkeyPatch, seen: bool) -> None:
    people = Candidates(S=NoWorker("nobody"), R=Refused("its input was no registration"))
    assert await asked(people, monkeypatch) == {"S": None, "R": None}
    assert await asked(Candidates(), monkeypatch) == {}


@pytest.mark.parametrize("seen", [True], indirect=True)
async def test_however_many_are_stuck_the_others_are_told(monkeypatch: pytest.MonkeyPatch, seen: bool) -> None:
    stuck = NoWorker("no answer within 10 seconds")
    people = Candidates(**{f"C{number}": answer(number) if number % 10 else stuck for number in range(500)})
    answered = await asked(people, monkeypatch)
    assert seen
    assert list(answered.values()).count(None) == 50
    assert len(answered) == 500


KEPT = {"V1": "certpath:v1", "V2": "certpath:v2", "ANY": None}
"""The builds on which these are kept; v1 has no worker any more."""


@pytest.mark.parametrize("seen", [True], indirect=True)
async def test_who_closed_on_a_build_without_workers_is_not_asked_in_vain(
    monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    people = Candidates(**dict.fromkeys(KEPT, answer(1)))
    monkeypatch.setattr(Candidacy, "raw_answer", lambda *given, **run: people.query(*given, **run))
    entries = [entry(name, build=build, execution="completed") for name, build in KEPT.items()]
    many = [entry(f"C{number}", build="certpath:v1", execution="completed") for number in range(1000)]
    found = [one async for one in asking.statuses(cast(Any, None), listed([*many, *entries]))]
    assert seen
    assert sorted(people.asked) == ["ANY", "V2"]
    assert {one.entry.candidate_id for one in found if one.heard is Heard.ANSWERED} == {"ANY", "V2"}
    assert len(found) == 1003


@pytest.mark.parametrize(
    ("execution", "says"), [("completed", "closed as testing on build v1"), ("running", "runs on")]
)
async def test_where_all_are_on_a_build_without_workers_that_is_said(execution: str, says: str) -> None:
    entries = [entry("A", build="certpath:v1", execution=execution)]
    with pytest.raises(NoWorkerOfBuild, match=f"{says}.* no worker of v1 answers"):
        assert [one async for one in asking.statuses(cast(Any, None), listed(entries))]
