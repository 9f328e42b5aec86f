"""The official `temporal` CLI as a client that knows nothing of Certpath: raw JSON in, raw JSON out."""

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from domain.forms import FORMS
from runtime.settings import ROOT
from tests.processes.engine import Engine, engine_with_server
from tests.processes.evidence import types
from tests.processes.messages import (
    DOMAINS,
    NAME,
    day,
    email,
    instant,
    registration,
    result,
    review,
    submission,
    workflow_id,
)
from tests.processes.programs import Ended, run
from tests.waiting import eventually


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    async with engine_with_server(tmp_path_factory.mktemp("foreign")) as running:
        yield running


def start(certpath: Engine, document: dict[str, Any]) -> str:
    """Starts a candidacy bare: no memo, no search attribute, no summary."""
    identity = workflow_id(document["candidate_id"], document["designation"])
    file = certpath.folder / f"{document['candidate_id']}.json"
    file.write_text(json.dumps(document))
    started = certpath.temporal(
        *("workflow", "start", "--type", "CertificationWorkflow", "--task-queue", "certification"),
        *("--workflow-id", identity, "--input-file", str(file), "--output", "json"),
    )
    assert started.code == 0, started.err
    return identity


def send(certpath: Engine, identity: str, name: str, document: dict[str, Any]) -> None:
    sent = certpath.temporal(
        *("workflow", "signal", "--workflow-id", identity, "--name", name, "--input", json.dumps(document))
    )
    assert sent.code == 0, sent.err


def update(certpath: Engine, identity: str, name: str, document: dict[str, Any]) -> Ended:
    return certpath.temporal(
        *("workflow", "update", "execute", "--workflow-id", identity, "--name", name),
        *("--input", json.dumps(document), "--output", "json"),
    )


def receipt(certpath: Engine, identity: str, name: str, document: dict[str, Any]) -> dict[str, Any]:
    answered = update(certpath, identity, name, document)
    assert answered.code == 0, answered.err
    told: dict[str, Any] = answered.document["result"]
    return told


def ask(certpath: Engine, identity: str, query: str) -> Any:
    asked = certpath.temporal("workflow", "query", "--workflow-id", identity, "--type", query, "--output", "json")
    assert asked.code == 0, asked.err
    return asked.document["queryResult"][0]


def events(certpath: Engine, identity: str) -> list[str]:
    """The types of the events. There are none while the first task is under way; the CLI prints that as null."""
    return types(ask(certpath, identity, "timeline") or [])


def listed(certpath: Engine, query: str) -> list[str]:
    found = certpath.temporal("workflow", "list", "--query", query, "--output", "json")
    assert found.code == 0, found.err
    return [one["execution"]["workflowId"] for one in found.document]


async def test_a_whole_journey_by_raw_json(certpath: Engine) -> None:
    identity = start(certpath, registration("C-1001", purchase=None, experience=None))
    await eventually(lambda: ask(certpath, identity, "status")["sequence"] >= 1)
    assert ask(certpath, identity, "status")["status"] == "awaiting_purchase"

    send(certpath, identity, "confirm_purchase", {"reference": "INV-77", "purchased_at": instant(60)})
    await eventually(lambda: ask(certpath, identity, "status")["status"] == "testing")

    told = receipt(certpath, identity, "record_assessment_result", result(1, DOMAINS[0], "81.50"))
    assert told == {"status": "testing", "events": ["AssessmentPassed"], "duplicate": False, "sequence": 3}
    again = receipt(certpath, identity, "record_assessment_result", result(1, DOMAINS[0], 81.5))
    assert again == {**told, "duplicate": True}
    for number, domain in enumerate(DOMAINS[1:], start=2):
        send(certpath, identity, "record_assessment_result", result(number, domain))
    send(certpath, identity, "record_experience", {"role": "Director", "started_on": "2019-03-01"})
    await eventually(lambda: ask(certpath, identity, "status")["experience"]["met"])
    receipt(certpath, identity, "submit_work_product", submission())
    assert receipt(certpath, identity, "review_work_product", review())["status"] == "certified"

    status = ask(certpath, identity, "status")
    assert status["certificate"]["in_force"] is True
    assert status["assessments"][DOMAINS[0]]["percentage"] == "81.50"
    assert events(certpath, identity)[-3:] == ["WorkProductSubmitted", "WorkProductPassed", "Certified"]

    send(certpath, identity, "withdraw", {"reason": "moves on"})
    ended = certpath.temporal("workflow", "result", "--workflow-id", identity, "--output", "json")
    assert ended.code == 0
    assert ended.document["result"] == "withdrawn"


async def test_a_workflow_started_bare_sets_up_its_search_attributes_and_details(certpath: Engine) -> None:
    identity = start(certpath, registration("C-1002"))
    receipt(certpath, identity, "record_assessment_result", result(1, DOMAINS[0]))
    send(certpath, identity, "extend_deadline", {"until": "next year"})
    queries = (
        "CandidateId = 'C-1002'",
        "Designation = 'CCSL' AND CandidateId = 'C-1002'",
        "CertificationStatus='testing'",
        "NextDeadline > '2026-01-01T00:00:00Z' AND CandidateId = 'C-1002'",
        "AssessmentsPassed = 1",
        "NeedsAttention = 'refused-message'",
    )

    def finds(query: str) -> bool:
        return identity in listed(certpath, query)

    for query in queries:
        await eventually(partial(finds, query))
    assert identity not in listed(certpath, "AssessmentsPassed = 4")
    answer = certpath.temporal("workflow", "metadata", "--workflow-id", identity, "--output", "json")
    assert "CCSL" in answer.out
    assert "record_assessment_result" in answer.out


async def test_errors_are_typed_and_plain(certpath: Engine) -> None:
    identity = start(certpath, registration("C-1003"))
    invalid = update(certpath, identity, "record_self_assessment", {"domain": "cooking", "percentage": 50})
    assert invalid.code != 0
    assert "type: InvalidMessage, retryable: false" in invalid.err
    assert "domain" in invalid.err
    refused = update(certpath, identity, "suspend", {"reason": "complaint", "by": "Pat Lee"})
    assert refused.code != 0
    assert "(code: not-a-holder) (type: Refused, retryable: false)" in refused.err
    assert events(certpath, identity)[-1] == "MessageRefused"


@pytest.mark.parametrize(
    ("candidate", "inputs", "told"),
    [
        ("C-2001", [], "none was sent"),
        ("C-2002", ["--input", "{}", "--input", "{}"], "2 were sent"),
        ("C-2003", ["--input", "[1]"], "must be one JSON object"),
        ("C-2004", ["--input", '{"candidate_id": "C-2004", "designation": "CCSL"}'], "email: is required"),
        ("C-2005", ["--input", json.dumps(registration("C-1"))], "the workflow id must be certification:CCSL:C-1"),
        ("C-2006", ["--input", json.dumps(registration("C-2006", message_id=7))], "message_id"),
        ("C-2007", ["--input", "AAEC", "--input-base64", "--input-meta", "encoding=binary/plain"], "binary/plain"),
    ],
)
async def test_an_input_that_is_no_registration_fails_at_once(
    certpath: Engine, candidate: str, inputs: list[str], told: str
) -> None:
    identity = workflow_id(candidate)
    ended = certpath.temporal(
        *("workflow", "execute", "--type", "CertificationWorkflow", "--task-queue", "certification"),
        *("--workflow-id", identity, *inputs),
    )
    assert ended.code != 0
    assert told in ended.out + ended.err
    with pytest.raises(WorkflowFailureError) as failed:
        await certpath.handle(candidate).result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "InvalidMessage"


def enrol(certpath: Engine, document: dict[str, Any], identity: str) -> Ended:
    """Enrols with an answer: the start and an update in one call, as docs/integrations.md has it."""
    purchase = {"reference": "INV-77", "purchased_at": day(60)}
    return certpath.temporal(
        *("workflow", "execute-update-with-start", "--type", "CertificationWorkflow"),
        *("--task-queue", "certification", "--workflow-id", identity, "--output", "json"),
        *("--id-reuse-policy", "AllowDuplicateFailedOnly", "--id-conflict-policy", "UseExisting"),
        *("--input", json.dumps(document), "--update-name", "confirm_purchase"),
        *("--update-input", json.dumps(purchase)),
    )


async def test_a_mistyped_registration_is_answered_with_each_mistake_and_can_be_corrected(certpath: Engine) -> None:
    identity, right = workflow_id("C-2010"), registration("C-2010", purchase=None)
    wrong = enrol(certpath, {**right, "email": "nobody", "publish": "yes"}, identity)
    assert wrong.code != 0
    assert "(type: InvalidMessage, retryable: false)" in wrong.err
    assert "email: must be one e-mail address" in wrong.err
    assert "publish: must be true or false" in wrong.err
    misspelt = enrol(certpath, {**right, "designation": "ccsl"}, identity)
    assert "designation: the workflow id must be certification:ccsl:C-2010" in misspelt.err

    corrected = enrol(certpath, right, identity)
    assert corrected.code == 0, corrected.err
    assert corrected.document["updateResult"]["events"] == ["PurchaseConfirmed"]
    assert enrol(certpath, right, identity).document["updateResult"]["duplicate"] is True
    assert events(certpath, identity).count("Registered") == 1

    receipt(certpath, identity, "withdraw", {})
    assert await certpath.handle("C-2010").result() == "withdrawn"
    closed = enrol(certpath, right, identity)
    assert closed.code != 0
    assert "already" in closed.err
    assert events(certpath, identity)[-1] == "CandidacyClosed", "the same candidacy, and no new one"


async def test_an_unknown_designation_is_answered_with_those_there_are(certpath: Engine) -> None:
    document = registration("C-2011", designation="CCXX", purchase=None)
    answered = enrol(certpath, document, workflow_id("C-2011", "CCXX"))
    assert answered.code != 0
    assert "InvalidMessage" in answered.err
    assert "designation: " in answered.err
    assert "CCSL, CCOM, CCMA, CCMC" in answered.err


async def test_a_signal_comes_with_the_start(certpath: Engine) -> None:
    identity = workflow_id("C-2012")
    sent = certpath.temporal(
        *("workflow", "signal-with-start", "--type", "CertificationWorkflow", "--task-queue", "certification"),
        *("--workflow-id", identity, "--id-reuse-policy", "AllowDuplicateFailedOnly"),
        *("--input", json.dumps(registration("C-2012", purchase=None))),
        *("--signal-name", "confirm_purchase", "--signal-input", json.dumps({"reference": "INV-78"})),
    )
    assert sent.code == 0, sent.err
    await eventually(lambda: "PurchaseConfirmed" in events(certpath, identity))


async def test_our_command_line_starts_a_corrected_registration_after_a_failed_start(certpath: Engine) -> None:
    for candidate in ("C-2013", "C-2014"):
        identity = start(certpath, {**registration(candidate), "email": "nobody"})
        ended = certpath.temporal("workflow", "result", "--workflow-id", identity)
        assert ended.code != 0
        # It never became a candidacy: it stands in no list, and nobody is there.
        assert certpath.starter("list", "--query", f"WorkflowId = '{identity}'", "--json").document == []
        assert certpath.starter("withdraw", candidate, "CCSL", "--yes").code == 1
        for verb, *named in (("status", "CCSL"), ("timeline", "CCSL"), ("status",), ("timeline",)):
            asked = certpath.starter(verb, candidate, *named)
            assert asked.code == 1
            assert "its registration was invalid. Correct it, and register it again" in asked.err
            assert "email: must be one e-mail address" in asked.err
    assert "ended" not in certpath.starter("summary", "--counts").out

    register = ("register", "--candidate", "C-2013", "--name", "Ana Ruiz", "--email", "ana@example.org")
    registered = certpath.starter(*register, "--designation", "CCSL", "--allow-lookalikes", "--json")
    assert (registered.code, registered.document["outcome"]) == (0, "registered"), registered.err
    file = certpath.folder / "corrected.csv"
    file.write_text("candidate_id,name,email,designation\nC-2014,Ana Ruiz,ana@example.org,CCSL\n")
    rehearsed = certpath.starter("import", str(file), "--allow-lookalikes", "--dry-run", "--json")
    assert (rehearsed.code, rehearsed.document["outcomes"]) == (0, {"would be registered": 1}), rehearsed.out
    imported = certpath.starter("import", str(file), "--allow-lookalikes", "--json")
    assert (imported.code, imported.document["outcomes"]) == (0, {"registered": 1}), imported.out
    assert listed(certpath, "CandidateId = 'C-2014' AND ExecutionStatus = 'Running'")


async def test_a_candidacy_that_was_terminated_is_not_opened_again_by_its_registration(certpath: Engine) -> None:
    """Temporal counts a termination as a failure, but only an invalid registration may be corrected."""
    handle = await certpath.enrol("C-2015")
    await eventually(lambda: handle.query("timeline"))
    await handle.terminate()
    ended = certpath.starter(
        *("register", "--candidate", "C-2015", "--name", NAME, "--email", email("C-2015"), "--designation", "CCSL")
    )
    assert ended.code == 1
    assert "closed (terminated)" in ended.err
    assert "A reset brings it back" in ended.err
    assert "--re-enrol" not in ended.err


async def test_a_designation_that_the_scheme_lacks_fails_at_once(certpath: Engine) -> None:
    identity = start(certpath, registration("C-2008", designation="CCXX"))
    ended = certpath.temporal("workflow", "result", "--workflow-id", identity)
    assert ended.code != 0
    assert "registration is invalid: designation" in ended.out + ended.err


async def test_a_closed_candidacy_says_so_to_signal_and_update(certpath: Engine) -> None:
    identity = start(certpath, registration("C-1004"))
    assert receipt(certpath, identity, "withdraw", {})["status"] == "withdrawn"
    assert await certpath.handle("C-1004").result() == "withdrawn"
    answered = update(certpath, identity, "record_assessment_result", result(1, DOMAINS[0]))
    signalled = certpath.temporal("workflow", "signal", "--workflow-id", identity, "--name", "withdraw")
    for ended in (answered, signalled):
        assert ended.code != 0
        assert "workflow execution already completed" in ended.err
    # The audit trail stays readable while the server keeps the run, and the last status is published.
    assert events(certpath, identity)[-2:] == ["Withdrawn", "CandidacyClosed"]
    assert identity in await eventually(lambda: listed(certpath, "CertificationStatus='withdrawn'"))


async def test_the_same_message_over_signal_and_update_counts_once(certpath: Engine) -> None:
    identity = start(certpath, registration("C-1005"))
    assessed = {"domain": DOMAINS[0], "percentage": 60, "message_id": "self-1"}
    send(certpath, identity, "record_self_assessment", assessed)
    told = receipt(certpath, identity, "record_self_assessment", assessed)
    assert told["duplicate"] is True
    send(certpath, identity, "record_self_assessment", assessed)
    assert receipt(certpath, identity, "record_self_assessment", assessed) == told
    assert events(certpath, identity).count("SelfAssessmentRecorded") == 1
    other = update(certpath, identity, "record_self_assessment", {**assessed, "percentage": 61})
    assert "type: Refused, retryable: false" in other.err


TYPESCRIPT = ROOT / "examples" / "clients" / "typescript"
NODE_MODULES = Path(os.environ.get("CERTPATH_NODE_MODULES", TYPESCRIPT / "node_modules"))
"""Where `npm install` has put the packages of the example. Nothing is downloaded by a test."""


def test_the_example_in_typescript_says_what_came_of_each_call(certpath: Engine, tmp_path: Path) -> None:
    compiler = NODE_MODULES / ".bin" / "tsc"
    if not (shutil.which("node") and compiler.exists() and (NODE_MODULES / "@temporalio" / "client").exists()):
        pytest.skip("Node or its packages are missing: run `npm install` in examples/clients/typescript")
    shutil.copytree(TYPESCRIPT, tmp_path / "example", ignore=shutil.ignore_patterns("node_modules"))
    source = tmp_path / "example" / "certpath.ts"
    source.write_text(source.read_text().replace("2026-11-02", day(20)).replace("2026-11-20T15:00:00Z", instant(2)))
    (source.parent / "node_modules").symlink_to(NODE_MODULES)
    compiled = run([compiler, "--project", str(source.parent)], certpath.place)
    assert compiled.code == 0, compiled.out + compiled.err
    program = ["node", str(source.with_suffix(".js"))]
    first, again = run(program, certpath.place), run(program, certpath.place)
    assert (first.code, again.code) == (0, 0), first.out + first.err + again.out + again.err
    wrong = f'"field":"email","problem":"must be {FORMS["e-mail address"].words}"'
    assert first.out.splitlines() == [
        f'InvalidMessage {{"errors":[{{{wrong}}}]}}',
        "PurchaseConfirmed (testing)",
        "AssessmentPassed (testing)",
        'Refused {"code":"not-a-holder"}',
    ]
    assert again.out.splitlines()[1:] == [
        "taken before (testing)",
        "taken before (testing)",
        'Refused {"code":"not-a-holder"}',
    ]


ORDINARY = """
import atexit, runpy, sys
atexit.register(print, "an ordinary exit")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script that says at its end if it has ended like any Python program."""


async def test_our_command_line_skips_the_exit_at_which_a_clients_process_crashes_now_and_then(
    certpath: Engine,
) -> None:
    await certpath.enrol("C-1006")
    verb = ("status", "C-1006", "CCSL")
    ended = run([sys.executable, "-c", ORDINARY, str(ROOT / "starter.py"), *verb], certpath.place)
    assert (ended.code, ended.err) == (0, "")
    assert "CCSL" in ended.out
    assert "an ordinary exit" not in ended.out
