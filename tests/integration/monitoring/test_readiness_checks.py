"""The checks of /ready and of `worker.py --check`: each with the real thing that it looks at, well and broken."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from monitoring import checks
from monitoring.checks import Answers, Check, InThread, all_checks, document
from runtime import search_attributes
from runtime.clients import connect_lazily
from runtime.embedded import EmbeddedServer
from runtime.settings import Settings
from tests.integration.monitoring.clocks import Clock
from tests.scheme import SCHEME_FILE, worker_settings
from tests.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a machine on which all is well, with a scheme that may be broken."""
    scheme = tmp_path / "scheme.toml"
    scheme.write_text(SCHEME_FILE.read_text())
    (tmp_path / "keys").mkdir()
    return worker_settings(outbox=tmp_path / "outbox", scheme=scheme, answer_keys=tmp_path / "keys")


async def problems(settings: Settings, client: Client | None) -> dict[str, str]:
    """What is wrong, by check."""
    answer = await Answers(all_checks(settings, lambda: client)).ask()
    return {name: problem for name, problem in answer.items() if problem}


async def test_where_all_is_well_every_check_says_so(settings: Settings, client: Client) -> None:
    answer = await Answers(all_checks(settings, lambda: client)).ask()
    assert answer == dict.fromkeys(
        ("server", "namespace", "search_attributes", "scheme", "outbox", "answer_keys"), None
    )


# --- Temporal


async def test_before_temporal_is_reached_its_three_checks_wait(settings: Settings) -> None:
    told = "Temporal has not been reached yet."
    assert await problems(settings, None) == {"server": told, "namespace": told, "search_attributes": told}


async def test_a_server_that_is_away_is_named_without_its_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    found = await problems(settings, await connect_lazily())
    assert found == {
        "server": "Temporal cannot be reached (connection refused).",
        "namespace": "The namespace cannot be looked up in Temporal (connection refused).",
        "search_attributes": "The search attributes cannot be looked up in Temporal (connection refused).",
    }


@pytest_asyncio.fixture
async def bare(embedded: EmbeddedServer, client: Client) -> AsyncIterator[Client]:
    """A client of a namespace of its own, which has no search attributes."""
    request = RegisterNamespaceRequest(namespace="no-attributes")
    request.workflow_execution_retention_period.FromSeconds(86400)
    await client.workflow_service.register_namespace(request)
    elsewhere = await Client.connect(embedded.address, namespace="no-attributes")

    async def known() -> bool:
        try:
            await search_attributes.problem(elsewhere)
        except RPCError:
            return False
        return True

    await eventually(known)  # the server takes a moment to know a new namespace
    yield elsewhere


async def test_missing_search_attributes_are_named_with_the_cure(settings: Settings, bare: Client) -> None:
    (told,) = (await problems(settings, bare)).values()
    assert told == (
        "The namespace lacks the search attributes CandidateId, Designation, CertificationStatus, NextDeadline, "
        "AssessmentsPassed, NeedsAttention: run `./starter.py setup`."
    )
    await search_attributes.register(bare)

    async def well() -> bool:
        return not await problems(settings, bare)

    await eventually(well)


async def test_a_namespace_that_is_not_there_is_a_problem_of_its_own(
    settings: Settings, embedded: EmbeddedServer
) -> None:
    nowhere = await Client.connect(embedded.address, namespace="nowhere")
    found = await problems(settings, nowhere)
    assert "server" not in found
    assert found["namespace"].startswith("Temporal has no namespace of the configured name")


# --- this machine


async def test_a_broken_scheme_is_told_field_by_field_and_without_its_path(settings: Settings, client: Client) -> None:
    text = settings.scheme.read_text()
    settings.scheme.write_text(text.replace("wait_days = 30", "wait_day = 30"))
    assert (await problems(settings, client)).keys() == {"scheme"}
    told = (await problems(settings, client))["scheme"]
    assert "rules.retakes.wait_day is no setting of the scheme" in told
    assert str(settings.scheme.parent) not in told
    settings.scheme.unlink()
    assert (await problems(settings, client))["scheme"].startswith("The scheme file cannot be read: ")


async def test_an_outbox_and_a_folder_of_keys_that_are_files_are_problems(
    settings: Settings, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    found = await problems(replace(settings, outbox=tmp_path / "file", answer_keys=tmp_path / "file"), client)
    assert found == {
        "outbox": "The outbox cannot be written: file exists.",
        "answer_keys": "The folder of answer keys is not there.",
    }


async def test_a_key_that_cannot_be_opened_is_a_problem(settings: Settings, client: Client) -> None:
    assert settings.answer_keys is not None
    (settings.answer_keys / "PM-A.json").mkdir()
    assert await problems(settings, client) == {
        "answer_keys": "The folder of answer keys cannot be read: is a directory."
    }


async def test_with_a_mail_server_the_outbox_is_not_asked(settings: Settings, client: Client) -> None:
    mailing = replace(settings, smtp_url="smtp://certpath:s3cret@127.0.0.1:1")
    assert await problems(mailing, client) == {"mail": "The mail server cannot be reached (ConnectionRefusedError)."}


# --- asking


async def test_many_probes_ask_once_until_the_answer_is_old() -> None:
    asked = 0

    async def ask() -> str | None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return "broken" if asked == 2 else None

    clock = Clock()
    answers = Answers([Check("one", ask, keep=30)], clock)
    assert await asyncio.gather(*(answers.ask() for _ in range(20))) == [{"one": None}] * 20
    clock.seconds = 29
    await answers.ask()
    assert asked == 1
    clock.seconds = 30
    assert await answers.ask() == {"one": "broken"}
    # What is broken is looked at again soon, so that its repair shows.
    clock.seconds = 35
    assert await answers.ask() == {"one": None}
    assert asked == 3


async def test_an_asker_that_goes_away_takes_the_answer_from_nobody() -> None:
    go_on = asyncio.Event()

    async def ask() -> str | None:
        await go_on.wait()
        return "broken"

    answers = Answers([Check("one", ask)])
    impatient, patient = asyncio.create_task(answers.ask()), asyncio.create_task(answers.ask())
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await patient == {"one": "broken"}


async def test_a_folder_that_hangs_is_given_up_and_not_asked_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PATIENCE", 0.05)
    released, begun = threading.Event(), []

    def hang() -> str | None:
        begun.append(1)
        released.wait()
        return None

    clock = Clock()
    answers = Answers([Check("folder", InThread(hang))], clock)
    for seconds in (0, 10, 20):
        clock.seconds = seconds
        assert await answers.ask() == {"folder": "This took longer than 0.05 seconds."}
    assert len(begun) == 1
    released.set()
    clock.seconds = 30

    async def well() -> bool:
        clock.seconds += 10
        return await answers.ask() == {"folder": None}

    await eventually(well)


async def test_a_fault_in_a_check_is_an_answer_too() -> None:
    def fault() -> str | None:
        raise ValueError("with a secret in it")

    assert await Answers([Check("one", InThread(fault))]).ask() == {"one": "This could not be checked (ValueError)."}


def test_the_document_is_well_only_where_every_check_is() -> None:
    assert document("ready", {"scheme": None}) == {"ready": True, "checks": {"scheme": {"ok": True}}}
    assert document("ready", {"scheme": None, "mail": "It is away."}, draining=False) == {
        "ready": False,
        "draining": False,
        "checks": {"scheme": {"ok": True}, "mail": {"ok": False, "problem": "It is away."}},
    }
