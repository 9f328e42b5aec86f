"""On a server: a journal that a build cannot read fails its first workflow task, and the candidacy waits unharmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus

from domain.calendar import ZONE_RULES
from domain.formats import CHAIN, FORMAT, Chain, NewerFormat, Step, UnknownZone
from runtime.builds import Build
from runtime.embedded import EmbeddedServer
from tests.formats import newer
from tests.formats.journals import JOURNALS, read
from tests.formats.lives import CANDIDATE
from tests.formats.newer import EFFECT, NOTICE
from tests.namespaces import new_namespace
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.builds import DEPLOYMENT, is_on, make_current
from tests.workflows.journeys import Candidate
from tests.workflows.seeds import seed_worker, sow
from trials.histories import read_history
from worker import build_worker
from workflows import journal as journals
from workflows import outbox
from workflows.journal import Journal


def kept(name: str, candidate_id: str = CANDIDATE) -> dict[str, Any]:
    return read(JOURNALS / "1" / f"{name}.json", candidate_id)


async def why_it_failed(candidate: Candidate) -> str:
    """The sentence with which code has failed a workflow task of the newest run; empty while it has failed none."""
    history = await candidate.handle.fetch_history()
    return next(iter(read_history("newest", history.events).failed_tasks), "")


def of_a_newer_format(document: dict[str, Any]) -> dict[str, Any]:
    """In a format in which the state is one level deeper: this build could make nothing of it."""
    state = document.pop("state")
    return {**document, "format": FORMAT + 1, "moved": {"state": state}}


def with_an_unknown_zone(document: dict[str, Any]) -> dict[str, Any]:
    document["state"]["programme"]["body"]["zone"] = "Mars/Olympus_Mons"
    return {**document, "zone_rules": "2199a"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (of_a_newer_format, f"this journal has format {FORMAT + 1}, and this build reads no format after {FORMAT}"),
        (with_an_unknown_zone, "this journal needs the time zone Mars/Olympus_Mons"),
    ],
)
async def test_the_run_fails_its_first_task_and_waits(
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    sentence: str,
) -> None:
    candidate = Candidate(client, "CCMA", f"newer-{change.__name__}")
    async with seed_worker(client), build_worker(client, worker_settings(outbox=tmp_path)):
        await sow(candidate, change(kept("suspended", candidate.candidate_id)))
        told = await eventually(lambda: why_it_failed(candidate), "the first task fails")
        assert sentence in told
        assert "Nothing is lost" in told
        assert "Ana" not in told
        assert "example.org" not in told
        # Messages wait with it.
        await candidate.signal("update_contact", name="Ana Ruiz-Vega")
        assert (await candidate.handle.describe()).status is WorkflowExecutionStatus.RUNNING
        # Now a build comes that can read it, and goes on with all that was there.
        step = Step(to=FORMAT + 1, why="a test", journal=lambda document: document)
        monkeypatch.setattr(journals, "CHAIN", _Reading(Chain((step,))))
        monkeypatch.setattr(journals, "is_zone", lambda _zone: True)
        monkeypatch.setattr("domain.calendar._zone", _in_chicago)

        async def taken_up() -> bool:
            contact = await candidate.handle.query("contact")
            return bool(contact["name"] == "Ana Ruiz-Vega")

        await eventually(taken_up, "the candidacy goes on")
        assert (await candidate.status())["status"] == "suspended"
        types = [event["type"] for event in await candidate.timeline()]
        before = [event["type"] for event in kept("suspended")["events"]]
        assert types[: len(before)] == before
        assert "ContactUpdated" in types[len(before) :]
        await ends(candidate)


async def test_a_registration_that_only_another_build_understands_waits_and_is_never_invalid(
    client: Client, tmp_path: Path
) -> None:
    candidate = Candidate(client, "CCMA", "newer-registration")
    async with seed_worker(client), build_worker(client, worker_settings(outbox=tmp_path)):
        await sow(candidate, candidate.registration(language="es"))
        told = await eventually(lambda: why_it_failed(candidate), "the first task fails")
        assert "this build cannot read it: language" in told
        assert "Ana" not in told
        assert (await candidate.handle.describe()).status is WorkflowExecutionStatus.RUNNING
        await ends(candidate)


async def ends(candidate: Candidate) -> None:
    """Ends a candidacy that no worker here can go on with: each worker of a later test on this server would try."""
    await candidate.handle.terminate("the test is over")


async def test_who_was_forced_back_below_a_format_waits_until_the_newer_build_is_current_again(
    embedded: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`starter.py upgrade` moves candidacies back below a format only with --force."""
    monkeypatch.setattr(journals, "CHAIN", _NewerAlone())
    settings = worker_settings(outbox=tmp_path)
    # In a namespace of its own: once a build is current, workers without a build get nothing.
    client = await new_namespace(embedded)
    candidate = Candidate(client, "CCMA", "newer-forced-back")
    newer_build, older_build = (
        build_worker(client, settings, build=NEWER),
        build_worker(client, settings, build=OLDER),
    )
    async with seed_worker(client), newer_build, older_build:
        await make_current(client, NEWER.build_id)
        await sow(candidate, kept("suspended", candidate.candidate_id))
        await is_on(candidate, NEWER.build_id)
        before = await candidate.timeline()
        await make_current(client, OLDER.build_id)
        await candidate.handle.signal("wake")
        assert "Nothing is lost" in await eventually(lambda: why_it_failed(candidate), "the first task fails")
        await candidate.signal("update_contact", name="Ana Ruiz-Vega")
        await make_current(client, NEWER.build_id)
        await candidate.has("ContactUpdated")
        await is_on(candidate, NEWER.build_id)
        after = await candidate.timeline()
        # The journal is an old one, so alarms of it may ring meanwhile.
        assert after[: len(before)] == before
        assert [event["sequence"] for event in after] == list(range(1, len(after) + 1))


OLDER, NEWER = Build(DEPLOYMENT, "older"), Build(DEPLOYMENT, "newer")


class _NewerAlone:
    """The chain of both builds: the newer one has raised the format, so that the older one can read no journal."""

    def journal(self, document: dict[str, Any]) -> dict[str, Any]:
        version = workflow.info().get_current_deployment_version()
        if version is None or version.build_id != NEWER.build_id:
            raise NewerFormat("journal", FORMAT + 1, FORMAT)
        return CHAIN.journal(document)


class _Reading:
    """The chain of a newer build: it knows where its own format has the state."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def journal(self, document: dict[str, Any]) -> dict[str, Any]:
        if "moved" in document:
            document = {**document, "state": document["moved"]["state"]}
        return self._chain.journal(document)


def _in_chicago(_name: str) -> ZoneInfo:
    return ZoneInfo("America/Chicago")


def test_the_errors_are_of_one_kind() -> None:
    document = kept("suspended")
    with pytest.raises(NewerFormat):
        Journal.read(of_a_newer_format(document))
    with pytest.raises(UnknownZone, match="2199a"):
        Journal.read(with_an_unknown_zone(kept("suspended")))


# --- zone rules


def test_a_journal_names_the_zone_rules_of_the_build_that_wrote_it_last() -> None:
    """Other rules are no reason to refuse it: the dates that were computed stand in it."""
    for written_with in ("2019a", "2199a"):
        read_again = Journal.read({**kept("certified"), "zone_rules": written_with})
        assert read_again.zone_rules == written_with
        assert read_again.carried()["zone_rules"] == ZONE_RULES
    without = kept("certified")
    del without["zone_rules"]
    assert Journal.read(without).zone_rules == ""


# --- effects that only a newer build knows


def test_an_effect_that_is_not_known_is_carried_out_by_nobody_and_keeps_the_workflow_open() -> None:
    document = kept("closed-with-notices")
    assert not outbox.must_go_out(Journal.read(document))
    for effect in (EFFECT, NOTICE):
        waiting = Journal.read({**document, "outbox": [effect, *document["outbox"]]})
        assert outbox.must_go_out(waiting)
        sent = {lane: outbox._next(waiting, lane) for lane in outbox.LANES}
        assert sent["notices"] == waiting.outbox[1]
        assert list(newer.lost([effect], json.loads(json.dumps(waiting.carried()))["outbox"][:1])) == []
