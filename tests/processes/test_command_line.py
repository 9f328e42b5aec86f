"""The command line against the real engine: outcomes, exit codes, stdout and stderr."""

import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from domain import calendar
from runtime import search_attributes
from runtime.embedded import EmbeddedServer
from runtime.settings import ROOT
from tests.processes.engine import Engine, engine
from tests.processes.here import engine_here, impatient, worker_on_a_thread
from tests.processes.messages import day, instant, result, workflow_id
from tests.processes.programs import Ended, surroundings
from tests.waiting import PATIENCE, eventually


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("command-line"), embedded) as running:
        yield running


def register(certpath: Engine, candidate: str, designation: str = "CCMA", *more: str) -> Ended:
    return certpath.starter(
        *("register", "--candidate", candidate, "--name", "Ana Ruiz", "--email", "ana@example.org"),
        *("--designation", designation, "--purchase-ref", "INV-1", "--purchased-at", instant(60)),
        "--allow-lookalikes",  # the candidates of these tests share a name, an address and an invoice
        *more,
    )


def send(certpath: Engine, candidate: str, message: str, payload: str, *more: str) -> Ended:
    return certpath.starter("send", candidate, "CCMA", message, payload, *more)


# --- register


def test_a_registration_is_under_way_when_the_command_ends(certpath: Engine) -> None:
    ended = register(certpath, "R-1", "CCSL", "--role", "Director", "--experience-since", day(1000))
    assert (ended.code, ended.out) == (0, "")
    assert "registered, status testing" in ended.err
    status = certpath.starter("status", "R-1", "CCSL", "--json").document
    assert status["name"] == "Ana Ruiz"
    assert status["experience"]["met"] is True


def test_registering_again_with_the_same_data_is_done_with_other_data_refused(certpath: Engine) -> None:
    register(certpath, "R-2")
    again = register(certpath, "R-2", "CCMA", "--json")
    assert again.code == 0
    assert again.document == {
        "outcome": "already enrolled",
        "workflow_id": workflow_id("R-2", "CCMA"),
        "status": "testing",
        "purchase_confirmed": True,
    }
    # The same list saved by another program: other blanks, an address in capitals, and a plain day (R16).
    bought_on = calendar.day_of(datetime.fromisoformat(instant(60)), "America/Chicago").isoformat()
    saved = ("register", "--candidate", "R-2", "--name", " Ana  Ruiz", "--email", "ANA@example.org")
    known = ("--designation", "CCMA", "--purchase-ref", "INV-1", "--purchased-at", bought_on)
    assert certpath.starter(*saved, *known).code == 0
    other = register(certpath, "R-2", "CCMA", "--publish", "--role", "Director", "--experience-since", day(1000))
    assert other.code == 1
    assert "enrolled already, with other data (publish, experience): nothing was changed" in other.err


async def test_a_candidacy_that_a_foreign_client_started_is_compared_too(certpath: Engine) -> None:
    bought = {"reference": "INV-1", "purchased_at": instant(60)}
    person = {"name": "Ana Ruiz", "email": "ana@example.org"}
    await certpath.enrol("R-3", designation="CCMA", **person, purchase=bought, experience=None)
    await eventually(lambda: certpath.starter("status", "R-3", "CCMA").code == 0)
    assert "already enrolled" in register(certpath, "R-3").err
    bob = ("register", "--candidate", "R-3", "--name", "Bob", "--email", "b@c.de", "--designation", "CCMA")
    other = certpath.starter(*bob)
    assert other.code == 1
    assert "with other data (name, email)" in other.err


async def test_a_closed_candidacy_is_opened_again_only_on_purpose(certpath: Engine) -> None:
    register(certpath, "R-4")
    assert send(certpath, "R-4", "withdraw", "{}").code == 0
    await certpath.handle("R-4", "CCMA").result()  # its workflow ends when its notices are sent
    closed = register(certpath, "R-4", "CCMA", "--json")
    assert closed.code == 1
    assert closed.document["error"]["kind"] == "closed"
    assert "--re-enrol" in closed.err
    assert register(certpath, "R-4", "CCMA", "--re-enrol").code == 0
    assert certpath.starter("status", "R-4", "CCMA", "--json").document["status"] == "testing"


# --- send


def test_a_message_is_answered_with_what_came_of_it(certpath: Engine) -> None:
    register(certpath, "S-1")
    payload = json.dumps(result(1, "people-management"))
    taken = send(certpath, "S-1", "record_assessment_result", payload)
    assert (taken.code, taken.out) == (0, "")
    assert "AssessmentPassed; status testing" in taken.err
    again = send(certpath, "S-1", "record_assessment_result", payload, "--json")
    assert (again.code, again.err) == (0, "")
    assert again.document["duplicate"] is True


def test_a_payload_comes_from_a_file_or_from_stdin(certpath: Engine, tmp_path: Path) -> None:
    register(certpath, "S-2")
    file = tmp_path / "result.json"
    file.write_text(json.dumps(result(1, "people-management")), encoding="utf-8-sig")
    assert send(certpath, "S-2", "record_assessment_result", f"@{file}").code == 0
    piped = certpath.starter(
        *("send", "S-2", "CCMA", "record_assessment_result", "-", "--json"),
        stdin=json.dumps(result(2, "operations-management")).encode(),
    )
    assert piped.document["events"] == ["AssessmentPassed"]


def test_no_digit_is_lost_on_the_way(certpath: Engine) -> None:
    register(certpath, "S-3")
    payload = json.dumps(result(1, "people-management")).replace(": 80", ": 69.99999999999999999")
    failed = send(certpath, "S-3", "record_assessment_result", payload, "--json")
    assert failed.document["events"] == ["AssessmentFailed"]


def test_what_the_rules_refuse_is_code_1(certpath: Engine) -> None:
    register(certpath, "S-4")
    refused = send(certpath, "S-4", "suspend", '{"reason": "x", "by": "y"}', "--json")
    assert refused.code == 1
    assert refused.document["error"]["kind"] == "refused"
    assert refused.document["error"]["code"]
    assert len(refused.err.splitlines()) == 1


def test_what_cannot_be_understood_is_code_2_with_a_line_for_each_field(certpath: Engine) -> None:
    register(certpath, "S-5")
    ended = send(certpath, "S-5", "record_assessment_result", '{"result_id": "R-1", "domian": "x"}')
    assert (ended.code, ended.out) == (2, "")
    fields = {line.strip().partition(":")[0] for line in ended.err.splitlines()[1:]}
    assert {"domain", "taken_at", "domian"} <= fields


async def test_unknown_and_closed_are_outcomes_of_their_own(certpath: Engine) -> None:
    register(certpath, "S-6")
    assert send(certpath, "S-6", "withdraw", '{"reason": "moves abroad"}').code == 0
    await certpath.handle("S-6", "CCMA").result()
    closed = send(certpath, "S-6", "withdraw", "{}", "--json")
    assert closed.code == 1
    assert closed.document["error"] == {
        "kind": "closed",
        "message": "The candidacy of S-6 for CCMA is closed (withdrawn): it takes no messages any more.",
        "workflow_id": workflow_id("S-6", "CCMA"),
        "status": "withdrawn",
    }
    unknown = send(certpath, "S-99", "withdraw", "{}", "--json")
    assert unknown.code == 1
    assert unknown.document["error"]["kind"] == "not-found"


# --- status, timeline, list


async def test_status_and_timeline_answer_people_and_machines(certpath: Engine) -> None:
    register(certpath, "Q-1")
    send(certpath, "Q-1", "record_assessment_result", json.dumps(result(1, "people-management", 81.559)))
    card = certpath.starter("status", "Q-1", "CCMA")
    assert (card.code, card.err) == (0, "")
    assert "CIAC-Certified Management Associate" in card.out
    assert "passed with 81.55 %" in card.out

    def mails() -> list[str]:
        sent = certpath.starter("timeline", "Q-1", "CCMA", "--type", "NoticeSent", "--json").document
        return [one["notice"] for one in sent]

    notices = ["registered", "purchase-confirmed", "assessment-passed"]
    await eventually(lambda: mails() == notices, "the mails are on the timeline")
    events = certpath.starter("timeline", "Q-1", "CCMA", "--json").document
    assert [event["type"] for event in events if event["sequence"]] == [
        "Registered",
        "PurchaseConfirmed",
        "AssessmentPassed",
    ]
    table = certpath.starter("timeline", "Q-1", "CCMA").out
    assert all(event["summary"] in table for event in events)


async def test_the_closed_still_answer_questions(certpath: Engine) -> None:
    register(certpath, "Q-2")
    send(certpath, "Q-2", "withdraw", "{}")
    await certpath.handle("Q-2", "CCMA").result()
    assert certpath.starter("status", "Q-2", "CCMA", "--json").document["status"] == "withdrawn"
    assert "Withdrawn" in certpath.starter("timeline", "Q-2", "CCMA").out


@pytest.mark.parametrize("verb", ["status", "timeline"])
def test_a_question_about_nobody_is_code_1(certpath: Engine, verb: str) -> None:
    ended = certpath.starter(verb, "Q-99", "CCMA")
    assert (ended.code, ended.out) == (1, "")
    assert "no candidacy of Q-99 for CCMA" in ended.err


async def test_list_finds_by_what_the_engine_publishes(certpath: Engine) -> None:
    register(certpath, "L-1")
    register(certpath, "L-2", "CCSL")
    held = send(certpath, "L-1", "record_assessment_result", json.dumps(result(1, "people-management", passed=False)))
    assert "ResultHeld" in held.err

    def found(*filters: str) -> set[str]:
        listed = certpath.starter("list", "--live", "--json", *filters)
        assert (listed.code, listed.err) == (0, "")
        return {entry["candidate_id"] for entry in listed.document}

    # What is published can be found a moment later, and each candidacy in its own time.
    await eventually(lambda: "L-1" in found("--attention"))
    await eventually(lambda: {"L-1", "L-2"} <= found("--status", "testing"))
    assert found("--designation", "CCSL") >= {"L-2"}
    assert "L-1" not in found("--designation", "CCSL")
    assert "L-2" not in found("--attention")
    assert "L-1" not in found("--due-within", "30d")
    assert "L-1" in found("--due-within", "200w")
    table = certpath.starter("list", "--live", "--attention")
    assert "held-result:R-1" in table.out
    assert "candidac" in table.err


@pytest.mark.parametrize("pipe", ["list --json | true", "list | head -1"])
def test_a_reader_that_leaves_early_is_no_error(certpath: Engine, pipe: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} starter.py {pipe}; exit ${{PIPESTATUS[0]}}"],
        cwd=ROOT,
        env=surroundings(certpath.place, {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


def test_commands_that_run_in_one_process_leave_no_threads_behind(certpath: Engine) -> None:
    def of_the_sdk() -> int:
        pythons = {thread.native_id for thread in threading.enumerate()}
        return len({int(task.name) for task in Path("/proc/self/task").iterdir()} - pythons)

    certpath.starter("list")
    before = of_the_sdk()
    for _ in range(10):
        assert certpath.starter("list").code == 0
    assert of_the_sdk() < before + 10


def test_setup_may_be_repeated(certpath: Engine) -> None:
    assert certpath.starter("setup", "--json").document == {"namespace": certpath.client.namespace, "added": []}


def test_setup_makes_a_namespace_that_can_be_used_at_once(certpath: Engine) -> None:
    namespace = "made-by-setup"

    def setup(*arguments: str) -> Ended:
        return certpath.starter("setup", *arguments, "--json", TEMPORAL_NAMESPACE=namespace)

    missing = setup()
    assert missing.code == 3
    assert "no such namespace" in missing.err
    made = setup("--create-namespace", "--retention", "1826d")
    assert (made.code, made.err) == (0, "")
    names = [key.name for key in search_attributes.ALL]
    created = {"retention_days": 1826, "namespace_was": "created"}
    assert made.document == {"namespace": namespace, "added": names, **created}
    enrolled = certpath.starter(
        *("register", "--candidate", "N-1", "--name", "Ana Ruiz", "--email", "a@b.example", "--designation", "CCMA"),
        TEMPORAL_NAMESPACE=namespace,
    )
    assert enrolled.code == 0, enrolled.err
    assert setup("--create-namespace", "--retention", "1826d").document["namespace_was"] == "unchanged"
    assert setup("--retention", "30d").document["namespace_was"] == "changed"
    described = certpath.temporal("operator", "namespace", "describe", "--namespace", namespace, "--output", "json")
    assert described.document["config"]["workflowExecutionRetentionTtl"] == f"{30 * 24 * 3600}s"


@pytest.mark.parametrize("arguments", [("--create-namespace",), ("--retention", "2h"), ("--retention", "soon")])
def test_setup_asks_for_a_retention_that_keeps_closed_candidacies(certpath: Engine, arguments: tuple[str, ...]) -> None:
    ended = certpath.starter("setup", *arguments)
    assert ended.code == 2
    assert "1826d" in ended.err or "30d" in ended.err


# --- without a worker


async def test_without_a_worker_registering_is_done_and_asking_is_code_3(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    async with engine(tmp_path, embedded, working=False) as alone:
        enrolled = register(alone, "W-1")
        assert enrolled.code == 0
        assert "waits for a worker" in enrolled.err

        def listed() -> list[str]:
            return [entry["candidate_id"] for entry in alone.starter("list", "--live", "--json").document]

        assert await eventually(listed) == ["W-1"]
        short = ("contact", "W-1", "CCMA", "--email", "lopez@example.org", "--json")
        with impatient():
            asked = alone.starter("status", "W-1", "CCMA", "--json")
            sent = send(alone, "W-1", "update_contact", '{"name": "Ana Lopez"}', "--json")
            shortly = alone.starter(*short)
        for ended in (asked, sent, shortly):
            assert ended.code == 3
            assert ended.document["error"]["kind"] == "no-worker"
            assert "./worker.py" in ended.err
        # The server may have kept them. Sent again as the commands said, each counts once.
        first, second = (ended.document["error"]["message_id"] for ended in (sent, shortly))
        assert first in sent.err
        assert f"--message-id {second}" in shortly.err
        with worker_on_a_thread(alone):
            payload = json.dumps({"name": "Ana Lopez", "message_id": first})
            assert send(alone, "W-1", "update_contact", payload).code == 0
            assert alone.starter(*short, "--message-id", second).code == 0
            events = alone.starter("timeline", "W-1", "CCMA", "--json").document
            assert [event["type"] for event in events].count("ContactUpdated") == 2
