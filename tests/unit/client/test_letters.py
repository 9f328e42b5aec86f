"""What `message` does with each candidacy, and with the outcome file of the run before."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.service import RPCError, RPCStatusCode

from client.bulk import addressing
from client.bulk.act import Plan
from client.bulk.outcome_file import OutcomeFile
from client.bulk.outcomes import Item, Kind, Outcome
from client.candidacy import Candidacy
from client.errors import ClientError, Closed, NotFound
from client.finding import Entry
from client.list_language import Filter
from tests.unit.client.test_bulk_plans import ID, NOBODY, answering, foreseeing, told

LETTER = addressing.letter("withdraw", b'{"reason": "moves"}', Filter(designations=("CCMA",)))


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Filter]:
    """C-1 and C-2 are found on a server called s; the filters that were asked for."""
    asked: list[Filter] = []

    async def candidacies(_client: object, wanted: Filter) -> Any:
        asked.append(wanted)
        for name in ("C-2", "C-1"):
            yield Entry(name, "CCMA", "", "", None, None, None, (), "", "running")

    async def server(_client: object) -> str:
        return "s"

    monkeypatch.setattr("client.finding.candidacies", candidacies)
    monkeypatch.setattr(addressing, "_server", server)
    monkeypatch.setattr(addressing, "_PAUSE_SECONDS", 0.0)
    return asked


async def test_whoever_begins_a_new_run_while_the_list_is_read_gets_the_letter_too(
    listed: list[Filter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is continued jumps to the first page, which was read already: in each pass others are missing."""
    passes = iter([("C-3", "C-1"), ("C-2", "C-3"), ("C-2", "C-1"), ("C-4",)])

    async def candidacies(_client: object, _wanted: Filter) -> Any:
        for name in next(passes):
            yield Entry(name, "CCMA", "", "", None, None, None, (), "", "running")

    monkeypatch.setattr("client.finding.candidacies", candidacies)
    plan = await addressing.plan(NOBODY, LETTER, outcome=tmp_path / "m.csv")
    assert [item.cells[0] for item in plan.items] == ["C-1", "C-2", "C-3"]
    assert next(passes) == ("C-4",), "the third pass has added nobody"


class Service:
    """A server of which the namespace cannot be asked."""

    namespace = "default"

    def __init__(self, status: RPCStatusCode) -> None:
        self.workflow_service = self
        self.service_client = SimpleNamespace(config=SimpleNamespace(target_host="temporal:7233"))
        self._status = status

    async def describe_namespace(self, _request: object, *, retry: bool) -> None:
        assert retry
        raise RPCError("no", self._status, b"")


@pytest.mark.parametrize("status", list(RPCStatusCode))
async def test_the_address_stands_for_the_server_only_where_its_id_may_not_be_asked_for(status: RPCStatusCode) -> None:
    """Otherwise one passing error would make another act of the same letter, and everybody would get it twice."""
    client = cast(Any, Service(status))
    if status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED):
        assert await addressing._server(client) == "temporal:7233 default"
    else:
        with pytest.raises(ClientError):
            await addressing._server(client)


async def test_a_letter_goes_to_every_open_candidacy_that_is_found(
    listed: list[Filter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = answering(monkeypatch, {}, [["Withdrawn"], NotFound("no such one", ID)])
    plan = await addressing.plan(NOBODY, LETTER, outcome=tmp_path / "m.csv")
    message_id = f"bulk-{LETTER.content('s')}"
    digest = LETTER.content("s")
    assert [item.cells for item in plan.items] == [(f"C-{one}", "CCMA", message_id, digest) for one in (1, 2)]
    assert (listed[0].run, listed[0].designations) == ("open", ("CCMA",))
    assert await told(plan) == {1: "taken: Withdrawn", 2: "unknown: no such one"}
    assert sent == [message_id, message_id]


async def test_a_dry_run_of_a_letter_says_who_would_refuse_it(
    listed: list[Filter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreseeing(monkeypatch, [{"outcome": "refused", "code": "not-later", "reason": "it ends earlier"}])
    plan = await addressing.plan(NOBODY, LETTER, outcome=tmp_path / "m.outcome.csv", dry_run=True)
    assert plan.files.path == tmp_path / "m.dry-run.csv"
    assert set((await told(plan)).values()) == {"would be refused: it ends earlier"}
    assert Kind.WOULD_BE_REFUSED not in plan.good


async def test_a_dry_run_tells_a_candidacy_that_the_letter_itself_has_closed_from_one_that_is_closed(
    listed: list[Filter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def query(candidacy: Candidacy, _client: object, name: str, *arguments: Any) -> Any:
        if name == "receipts":
            return {one: {"events": ["Withdrawn"]} for one in arguments[0] if candidacy.candidate_id == "C-1"}
        return [{"outcome": "duplicate", "events": ["Withdrawn"]}]

    async def check_open(candidacy: Candidacy, _client: object) -> None:
        raise Closed("x", ID, "withdrawn")

    monkeypatch.setattr(Candidacy, "raw_answer", query)
    monkeypatch.setattr(Candidacy, "check_open", check_open)
    plan = await addressing.plan(NOBODY, LETTER, outcome=tmp_path / "m.csv", dry_run=True)
    assert list((await told(plan)).values()) == ["duplicate", "closed: x"]


async def test_begun_again_a_letter_goes_on_with_those_found_the_first_time(
    listed: list[Filter], tmp_path: Path
) -> None:
    path, digest = tmp_path / "m.csv", LETTER.content("s")
    lines = [f"{number},C-{number},CCMA,bulk-{digest},{digest},,{outcome}" for number, outcome in _BEFORE]
    path.write_text("\n".join(["number,candidate_id,designation,message_id,command,earlier,outcome", *lines]) + "\n")
    plan = await addressing.plan(NOBODY, LETTER, outcome=path, again=True)
    assert listed == [], "nobody is looked for: the act is not finished"
    assert [item.number for item in plan.things] == [3, 4]
    assert plan.known == {1: Outcome(Kind.TAKEN, "Withdrawn"), 2: Outcome(Kind.REFUSED, "no: never")}


_BEFORE = [(1, "taken: Withdrawn"), (2, "refused: no: never"), (3, "failed: no answer"), (4, "not reached")]


@pytest.mark.parametrize("suffix", ["", "-20261126T224658"])
@pytest.mark.parametrize("own", [None, "storm-1"])
async def test_a_letter_that_an_older_build_began_goes_on_too(
    own: str | None, suffix: str, listed: list[Filter], tmp_path: Path
) -> None:
    """It did not write down to which command a line belongs."""
    letter = LETTER if own is None else of_its_own(own)
    path, message_id = tmp_path / "m.csv", (own or "bulk-" + LETTER.content("s")) + suffix
    lines = [f"{number},C-{number},CCMA,{message_id},,{outcome}" for number, outcome in _BEFORE]
    path.write_text("\n".join(["number,candidate_id,designation,message_id,earlier,outcome", *lines]) + "\n")
    plan = await addressing.plan(NOBODY, letter, outcome=path)
    assert listed == [], "nobody is looked for"
    assert [(item.number, item.cells[2]) for item in plan.things] == [(3, message_id), (4, message_id)]
    begin(plan)
    assert [item.number for item in (await addressing.plan(NOBODY, letter, outcome=path)).things] == [3, 4]


@pytest.mark.parametrize(
    "lines",
    [
        "message_id,outcome\n1,C-1,CCMA,bulk-0123456789ab,duplicate",
        "message_id,outcome\n1,C-1,CCMA,storm-10,duplicate",
        "message_id,command,earlier,outcome\n1,C-1,CCMA,storm-1,0123456789ab,,duplicate",
    ],
)
@pytest.mark.parametrize("own", [None, "storm-1"])
async def test_the_outcome_file_of_another_letter_is_left_alone(
    own: str | None, lines: str, listed: list[Filter], tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"number,candidate_id,designation,{lines}\n")
    with pytest.raises(ClientError, match="is the outcome of another command"):
        await addressing.plan(NOBODY, LETTER if own is None else of_its_own(own), outcome=path)


def begin(plan: Plan[Item]) -> None:
    """Writes the outcome file of a plan, as a run does that is interrupted before anything was sent."""
    file = OutcomeFile(plan.files, plan.columns, plan.items)
    file.begin(plan.known)
    file.finish()


def of_its_own(message_id: str | None) -> addressing.Letter:
    """The letter with a message id of its own."""
    text = json.dumps({"reason": "moves", "message_id": message_id}).encode()
    return addressing.letter("withdraw", text, Filter(designations=("CCMA",)))


async def test_the_outcome_file_of_a_letter_with_its_own_message_id_is_its_own(
    listed: list[Filter], tmp_path: Path
) -> None:
    """Another letter with the same message id is another act, and does not go to the candidacies of the first one."""
    path = tmp_path / "m.csv"
    plan = await addressing.plan(NOBODY, of_its_own("storm-1"), outcome=path)
    begin(plan)
    text = b'{"reason": "another", "message_id": "storm-1"}'
    other = addressing.letter("withdraw", text, Filter(designations=("CCSL",)))
    with pytest.raises(ClientError, match="is the outcome of another command"):
        await addressing.plan(NOBODY, other, outcome=path)


@pytest.mark.parametrize("own", ["storm-1", "s" * 128])
async def test_again_sends_another_message_also_where_the_letter_has_its_own_message_id(
    own: str, listed: list[Filter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = answering(monkeypatch, {}, [["Withdrawn"]] * 4)
    for again in (False, True):
        plan = await addressing.plan(NOBODY, of_its_own(own), outcome=tmp_path / "m.csv", again=again)
        assert set((await told(plan)).values()) == {"taken: Withdrawn"}
        assert {item.cells[2] for item in plan.items} == set(sent[-2:])
    assert sent[:2] == [own, own]
    assert own not in sent[2:]
    assert all(len(one) <= 128 for one in sent)


async def test_a_message_id_that_is_null_is_one_that_is_not_given(
    listed: list[Filter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = answering(monkeypatch, {}, [["Withdrawn"]] * 2)
    plan = await addressing.plan(NOBODY, of_its_own(None), outcome=tmp_path / "m.csv")
    await told(plan)
    assert sent == [f"bulk-{LETTER.content('s')}"] * 2
