"""Every everyday verb against the real engine: done, refused, badly used, closed, unknown, sent twice."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from cli import exits
from cli.everyday import VERBS
from client.candidacy import Candidacy
from client.errors import ClientError
from runtime.embedded import EmbeddedServer
from runtime.settings import ROOT
from tests.processes.engine import Engine, Handle
from tests.processes.evidence import taken_up, timeline, types
from tests.processes.here import drawn_here, engine_here
from tests.processes.messages import DOMAINS, JOURNEY, day, email, instant, registration, result, workflow_id
from tests.processes.programs import NOBODY, Ended, Place, run, run_here
from tests.processes.terminal import Terminal
from tests.scheme import worker_settings
from tests.unit.cli.parsing import payload_of
from tests.waiting import eventually
from worker import build_worker

TAKEN = ("--taken-at", instant(10))
PAT = ("--by", "Pat Lee", "--reason", "because")


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("everyday"), embedded) as running:
        yield running


async def certified(client: Client, candidate: str, designation: str = "CCMA") -> Handle:
    """A holder, made by messages."""
    handle: Handle = await client.start_workflow(
        "CertificationWorkflow",
        registration(candidate, designation, experience=None),
        id=workflow_id(candidate, designation),
        task_queue="certification",
    )
    for name, message in JOURNEY[1:5]:
        await handle.execute_update(name, message)
    return handle


def done(certpath: Engine, *arguments: str) -> list[str]:
    """Run a verb that must be done, people's way; answers the events it tells."""
    ended = certpath.starter(*arguments)
    assert (ended.code, ended.out) == (0, ""), ended.err
    (line,) = ended.err.splitlines()
    told, _, _ = line.split(": ", 1)[1].partition(";")
    return told.split(", ")


# --- rightly


async def test_from_registration_to_certificate_in_short_verbs(certpath: Engine) -> None:
    who = ("J-1", "CCSL")
    register = ("register", "--candidate", "J-1", "--designation", "CCSL", "--name", "Ana", "--email", "a@example.org")
    assert certpath.starter(*register).code == 0
    bought = done(
        certpath, "confirm-purchase", *who, "--purchase-ref", "INV-1", "--purchased-at", instant(60), "--message-id=p"
    )
    assert bought == ["PurchaseConfirmed"]
    assert done(certpath, "self-assessment", *who, "--domain", DOMAINS[0], "--percentage", "60") == [
        "SelfAssessmentRecorded"
    ]
    results = ("result", *who, *TAKEN)
    one = done(certpath, *results, "--result-id", "R-1", "--domain", DOMAINS[0], "--percentage", "75.0")
    two = done(certpath, *results, "--result-id", "R-2", "--domain", DOMAINS[1], "--points", "49", "--out-of", "60")
    assert one == two == ["AssessmentPassed"]
    no_show = ("--result-id", "R-3", "--domain", DOMAINS[2], "--outcome", "no_show", "--source", "Test Center 9")
    assert done(certpath, *results, *no_show) == ["NoShowRecorded"]
    voided = (*no_show[:-4], "--outcome", "voided", "--revision", "2")
    assert done(certpath, *results, *voided) == ["ResultCorrected"]
    three = ("--result-id", "R-4", "--domain", DOMAINS[2], "--percentage", "80", "--passed")
    assert done(certpath, *results, *three) == ["AssessmentPassed"]
    four = ("--result-id", "R-5", "--domain", DOMAINS[3], "--percentage", "80", "--no-passed")
    assert "ResultHeld" in " ".join(done(certpath, *results, *four))
    accept = ("hold", "resolve", *who, "--result-id", "R-5", "--decision", "accept", *PAT)
    assert done(certpath, *accept) == ["ResultResolved"]
    again = certpath.starter(*accept)
    assert (again.code, "nothing has changed" in again.err) == (0, True)
    assert re.search(r"Decided on \d{4}-\d\d-\d\d: Held result R-5 ", again.err)
    assert "accepted by Pat Lee: because" in again.err
    since = ("--role", "Director", "--experience-since", day(900), "--attested-by", "Kim Stone")
    assert done(certpath, "experience", *who, *since) == ["ExperienceRecorded", "ExperienceMet"]
    product = ("--submission-id", "W-1", "--uri", "https://example.org/w", "--sha256", "ab" * 32)
    assert done(certpath, "work-product", "submit", *who, *product) == ["WorkProductSubmitted"]
    review = ("work-product", "review", *who, "--submission-id", "W-1", "--reviewer", "Pat Lee", "--verdict", "passed")
    assert "Certified" in done(certpath, *review, "--percentage", "91.25", "--comments", "well done")
    events = await timeline(certpath.handle("J-1"))
    assert "MessageRefused" not in types(events)
    assert next(event for event in events if event["type"] == "WorkProductPassed")["reviewer"] == "Pat Lee"


async def test_responses_reach_the_engine_from_stdin(certpath: Engine) -> None:
    await certpath.enrol("J-2")
    sent = certpath.starter(
        *("result", "J-2", "CCSL", "--result-id", "R-1", "--domain", DOMAINS[0], *TAKEN, "--form", "none-such"),
        *("--responses", "-", "--json"),
        stdin=b'\xef\xbb\xbf["A", "C"]\r\n',
    )
    assert (sent.code, sent.err) == (0, "")
    assert "ResultHeld" in sent.document["events"]  # there is no such answer key here


async def test_a_holder_is_suspended_reinstated_and_revoked(certpath: Engine) -> None:
    handle = await certified(certpath.client, "H-1")
    who = ("H-1", "CCMA")
    assert done(certpath, "suspend", *who, *PAT) == ["Suspended"]
    assert "Reinstated" in done(certpath, "reinstate", *who, *PAT)
    assert "Revoked" in done(certpath, "revoke", *who, *PAT)
    assert (await handle.query("status"))["status"] == "revoked"


async def test_a_holder_recertifies(time_skipping: WorkflowEnvironment, tmp_path: Path) -> None:
    """On the server that skips time: on the other the window opens in two years."""
    client, who = time_skipping.client, ("H-2", "CCMA")
    place = Place(client.service_client.config.target_host)

    async def events_of(*arguments: str) -> list[str]:
        ended = await asyncio.to_thread(run_here, (*arguments, "--json"), place)
        assert (ended.code, ended.err) == (0, "")
        events: list[str] = ended.document["events"]
        return events

    async with build_worker(client, worker_settings(outbox=tmp_path)):
        handle = await certified(client, *who)
        await time_skipping.sleep(timedelta(days=2 * 366))
        assert (await handle.query("status"))["status"] == "recertifying"
        submit = ("recertify", "submit", *who, "--submission-id")
        evidence = ("--activity", "Coaching", day(0), "https://example.org/c", "16.5", "--activity", "Talk", day(0))
        assert await events_of(*submit, "E-1", *evidence) == ["RecertificationSubmitted"]
        review = ("recertify", "review", *who, "--reviewer", "Pat Lee", "--submission-id")
        returned = await events_of(*review, "E-1", "--verdict", "returned", "--comments", "add the certificate")
        assert returned == ["RecertificationReturned"]
        again = json.dumps([{"title": "Talk", "completed_on": day(0)}])
        assert await events_of(*submit, "E-2", "--activities", again) == ["RecertificationSubmitted"]
        assert "Recertified" in await events_of(*review, "E-2", "--verdict", "approved")


async def test_a_holder_advances(certpath: Engine) -> None:
    handle = await certified(certpath.client, "A-1")
    since = ("--role", "Manager", "--experience-since", day(30))
    before = (await handle.query("contact"))["email"]
    done(certpath, "contact", "A-1", "CCMA", "--email", "other@example.org")
    asked = ("advance", "A-1", "CCMA", "--purchase-ref", "INV-9", "--purchased-at", instant(1), *since)
    assert "AdvancementRequested" in done(certpath, *asked)
    assert (await handle.query("timeline"))[-1]["type"] != "AdvancementRefused"

    async def opened() -> dict[str, Any] | None:
        with suppress(RPCError):  # there is no such workflow yet
            status: dict[str, Any] = await certpath.handle("A-1", "CCOM").query("status")
            return status if status["experience"] else None  # until the worker has taken it up
        return None

    status = await eventually(opened) or {}
    assert (status["path"], status["experience"]["met"]) == ("advancement", False)
    # A reviewer is compared with the addresses of the lower candidacy too (R9).
    submission = ("A-1", "CCOM", "--submission-id", "W-1")
    done(certpath, "work-product", "submit", *submission, "--uri", "https://example.org/w", "--sha256", "a" * 64)
    review = ("work-product", "review", *submission, "--verdict", "passed", "--reviewer")
    assert "must not be the candidate" in certpath.starter(*review, before).err


async def test_a_candidacy_is_extended_its_contact_changed_its_attention_put_to_rest_and_withdrawn(
    certpath: Engine,
) -> None:
    handle = await certpath.enrol("C-1")
    who = ("C-1", "CCSL")
    deadline = await eventually(lambda: _deadline(handle)) or ""
    later = (date.fromisoformat(deadline) + timedelta(days=30)).isoformat()
    extend = ("extend", *who, "--until", later, "--reason", "storm", "--approved-by", "Kim Stone")
    assert "DeadlineExtended" in done(certpath, *extend)
    assert (await handle.query("status"))["testing_deadline"] == later
    assert done(certpath, "contact", *who, "--name", "Ana Lopez", "--publish") == ["ContactUpdated"]
    assert done(certpath, "contact", *who, "--email", "lopez@example.org", "--no-publish") == ["ContactUpdated"]
    status = await handle.query("status")
    assert status["name"] == "Ana Lopez"
    shown = certpath.starter("contact", "show", *who, "--json").document
    assert (shown["name"], shown["email"], shown["publish"]) == ("Ana Lopez", "lopez@example.org", False)
    assert [former["email"] for former in shown["former"]] == [None, email("C-1")]
    assert shown["purchase"]["reference"] == "INV-77"
    assert "Zsófia Quarterstaff; no consent" in certpath.starter("contact", "show", *who).out
    await handle.signal("suspend", {"reason": "x", "by": "y"})  # no holder: refused, and asks for attention
    await eventually(lambda: _attention(handle))
    put_to_rest = ("acknowledge", *who, "--attention", "refused-message", "--by", "Pat Lee", "--note", "a mistake")
    assert done(certpath, *put_to_rest) == ["AttentionAcknowledged"]
    assert not await _attention(handle)
    assert "Withdrawn" in done(certpath, "withdraw", *who, "--reason", "moves abroad")


async def _attention(handle: Handle) -> list[str]:
    attention: list[str] = (await handle.query("status"))["attention"]
    return attention


async def _deadline(handle: Handle) -> str | None:
    """None until the worker has taken the registration up."""
    deadline: str | None = (await handle.query("status"))["testing_deadline"]
    return deadline


# --- wrongly

RIGHT: dict[str, tuple[str, ...]] = {
    "confirm-purchase": ("--purchase-ref", "INV-1"),
    "self-assessment": ("--domain", DOMAINS[0], "--percentage", "60"),
    "result": ("--result-id", "R-1", "--domain", DOMAINS[0], *TAKEN, "--percentage", "60"),
    "hold resolve": ("--result-id", "R-1", "--decision", "reject", *PAT),
    "experience": ("--role", "Lead", "--experience-since", "2020-01-01"),
    "work-product submit": ("--submission-id", "W", "--uri", "https://example.org/w", "--sha256", "ab" * 32),
    "work-product review": ("--submission-id", "W", "--reviewer", "Pat Lee", "--verdict", "failed"),
    "recertify submit": ("--submission-id", "E", "--activity", "Talk", "2020-01-01"),
    "recertify review": ("--submission-id", "E", "--reviewer", "Pat Lee", "--verdict", "returned"),
    "advance": ("--purchase-ref", "INV-1"),
    "extend": ("--until", "2099-01-01", "--reason", "storm", "--approved-by", "Kim Stone"),
    "suspend": PAT,
    "reinstate": PAT,
    "revoke": PAT,
    "withdraw": (),
    "contact": ("--name", "Ana Lopez"),
    "acknowledge": ("--attention", "refused-message", "--by", "Pat Lee"),
}


MESSAGES = {" ".join(verb.words): verb.message for verb in VERBS}


def test_every_verb_is_among_them() -> None:
    assert list(RIGHT) == list(MESSAGES)


@pytest_asyncio.fixture(scope="module")
async def closed(certpath: Engine) -> Engine:
    """With X-closed, who has withdrawn."""
    handle = await certpath.enrol("X-closed")
    await handle.execute_update("withdraw", {})
    await handle.result()
    return certpath


async def sent(certpath: Engine, verb: str, candidate: str) -> exits.Stop:
    """Why the message that the verb makes of its right flags was not taken; without a process of its own."""
    message_id = verb.replace(" ", "-")
    text = payload_of(*verb.split(), candidate, "CCSL", *RIGHT[verb], "--message-id", message_id)
    with pytest.raises(ClientError) as stopped:
        await Candidacy(candidate, "CCSL").update(certpath.client, MESSAGES[verb], text)
    return exits.of(stopped.value)


@pytest.mark.parametrize("verb", RIGHT)
async def test_a_closed_candidacy_takes_no_message(closed: Engine, verb: str) -> None:
    stop = await sent(closed, verb, "X-closed")
    assert (stop.code, stop.kind, stop.facts["status"]) == (1, "closed", "withdrawn")


@pytest.mark.parametrize("verb", ["hold resolve", "contact"])
def test_a_closed_candidacy_is_an_outcome_of_its_own(closed: Engine, verb: str) -> None:
    ended = closed.starter(*verb.split(), "X-closed", "CCSL", *RIGHT[verb], "--json")
    error = ended.document["error"]
    assert (ended.code, error["kind"], error["status"]) == (1, "closed", "withdrawn")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("verb", ["result", "withdraw"])
def test_nobody_of_that_id_is_an_outcome_of_its_own(certpath: Engine, verb: str) -> None:
    ended = certpath.starter(*verb.split(), "X-nobody", "CCSL", *RIGHT[verb])
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no candidacy of X-nobody for CCSL: check both words, or register it first.\n"


REFUSED = {
    "confirm-purchase": "already-confirmed",
    "hold resolve": "not-held",
    "work-product review": "not-under-review",
    "recertify submit": "not-a-holder",
    "recertify review": "not-a-holder",
    "advance": "no-advancement",
    "extend": "extension-too-long",
    "suspend": "not-a-holder",
    "reinstate": "not-suspended",
    "revoke": "not-a-holder",
    "acknowledge": "no-such-attention",
}


@pytest_asyncio.fixture(scope="module")
async def testing(certpath: Engine) -> Engine:
    """With X-open, who has bought and nothing else."""
    await certpath.enrol("X-open")
    return certpath


@pytest.mark.parametrize("verb", REFUSED)
async def test_what_the_rules_refuse_has_its_code(testing: Engine, verb: str) -> None:
    stop = await sent(testing, verb, "X-open")
    assert (stop.code, stop.kind, stop.facts["code"]) == (1, "refused", REFUSED[verb])


@pytest.mark.parametrize("verb", ["hold resolve", "suspend"])
def test_what_the_rules_refuse_is_code_1(testing: Engine, verb: str) -> None:
    ended = testing.starter(*verb.split(), "X-open", "CCSL", *RIGHT[verb], "--json")
    error = ended.document["error"]
    assert (ended.code, error["kind"], error["code"]) == (1, "refused", REFUSED[verb])
    assert ended.err.startswith("X-open for CCSL: refused, ")
    assert len(ended.err.splitlines()) == 1


async def test_what_cannot_be_understood_is_told_in_flags(certpath: Engine) -> None:
    handle = await certpath.enrol("X-bad")
    await eventually(lambda: taken_up(handle))  # before that, nobody knows the domains of its scheme
    who = ("X-bad", "CCSL")
    wrong = ("--result-id", "R-1", "--domain", "nonsense", "--taken-at", "22.11.2026", "--percentage", "abc")
    ended = certpath.starter("result", *who, *wrong)
    assert (ended.code, ended.out) == (2, "")
    domains = "people-management, operations-management, customer-relationships, leadership-and-business"
    assert ended.err.splitlines()[1:] == [
        f"  --domain: must be the name of a domain of the scheme: {domains}",
        '  --taken-at: "22.11.2026": write 2026-11-22; then add time and offset, e.g. 2026-11-22T15:00:00Z, '
        "or with an offset 2026-11-22T09:00:00-06:00",
        "  --percentage: must be a number or a decimal string",
    ]
    unknown = certpath.starter("result", *who, *wrong[:4], *TAKEN, "--percentage", "80", "--json")
    assert unknown.code == 2
    assert "--domain: must be the name of a domain of the scheme: people-management" in unknown.err
    assert [error["field"] for error in unknown.document["error"]["errors"]] == ["domain"]
    assert "give at least one of --name, --email, --publish" in certpath.starter("contact", *who).err
    assert types(await timeline(certpath.handle("X-bad"))).count("ContactUpdated") == 0


@pytest.mark.parametrize("verb", RIGHT)
def test_bad_usage_is_code_2_without_a_server(verb: str) -> None:
    for arguments in ((), ("C-1", "CCSL", *RIGHT[verb], "--no-such-flag")):
        ended = run_here([*verb.split(), *arguments], NOBODY)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.endswith(f"See `./starter.py {verb} --help`.\n")


def test_nobody_to_talk_to_is_code_3_in_one_line() -> None:
    ended = run_here(["withdraw", "C-1", "CCSL", "--json"], NOBODY)
    assert ended.code == 3
    assert ended.document["error"]["kind"] == "unreachable"
    assert len(ended.err.splitlines()) == 1


# --- twice


async def test_the_same_message_id_counts_once(certpath: Engine) -> None:
    handle = await certpath.enrol("T-1")
    first = result(1, DOMAINS[0])
    flags = ("--result-id", "R-1", "--domain", DOMAINS[0], "--taken-at", first["taken_at"], "--percentage", "80.0")
    sent = [
        certpath.starter("result", "T-1", "CCSL", *flags, "--message-id", "result-1", "--json").document
        for _ in range(2)
    ]
    assert [receipt["duplicate"] for receipt in sent] == [False, True]
    # The same by another channel, a JSON number where the verb sends a text: still the same message.
    assert (await handle.execute_update("record_assessment_result", first))["duplicate"] is True
    # And by the client that `bench/` measures the verb against: it does send the same.
    there = certpath.place
    bare_client = (sys.executable, ROOT / "bench/bare_client.py", there.address, there.namespace)
    barest = run((*bare_client, handle.id, "record_assessment_result", json.dumps(first)), there)
    assert barest.document == {**sent[0], "duplicate": True}
    told = certpath.starter("result", "T-1", "CCSL", *flags, "--message-id", "result-1")
    assert "taken before, nothing has changed" in told.err
    other = certpath.starter("contact", "T-1", "CCSL", "--name", "Bo", "--message-id", "result-1", "--json")
    assert (other.code, other.document["error"]["kind"]) == (1, "refused")
    assert types(await timeline(handle)).count("AssessmentPassed") == 1


# --- with a terminal


async def test_on_a_terminal_it_asks_and_a_yes_does_it(certpath: Engine) -> None:
    def told_well(ended: Ended, candidate: str) -> None:
        assert (ended.code, ended.document["events"]) == (0, ["Withdrawn", "CandidacyClosed"])
        assert ended.err.startswith(f"End the candidacy of {candidate} for CCSL")

    handles = [await certpath.enrol(candidate) for candidate in ("Y-1", "Y-2")]
    with Terminal(certpath.place, "withdraw", "Y-1", "CCSL", "--json", piped=True) as terminal:
        told_well(await terminal.answer("[y/N] ", b"y\n"), "Y-1")
    arguments = ("withdraw", "Y-2", "CCSL", "--json")
    told_well(drawn_here(arguments, certpath.place, keys=b"YES\n", piped=True), "Y-2")
    assert [(await handle.query("status"))["status"] for handle in handles] == ["withdrawn"] * 2


@pytest.mark.parametrize(
    "arguments",
    [("revoke", "C-1", "CCSL", *PAT), ("send", "C-1", "CCSL", "revoke", '{"reason": "a complaint", "by": "Pat"}')],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("keys", [b"n\n", b"\n", b"yesterday\n", b"\xff\n", b"\x04"], ids=repr)
def test_anything_but_a_yes_sends_nothing(keys: bytes, arguments: Sequence[str]) -> None:
    # Nobody listens there: had it tried to send, it would be code 3.
    ended = drawn_here((*arguments, "--json"), NOBODY, keys=keys, piped=True)
    assert (ended.code, ended.document["error"]["kind"]) == (1, "declined")
    assert ended.err.startswith("Revoke the certificate of C-1 for CCSL for good? [y/N] ")
    assert ended.err.endswith("Nothing was done.\n")


async def test_ctrl_c_at_the_question_is_code_130() -> None:
    with Terminal(NOBODY, "revoke", "C-1", "CCSL", *PAT, piped=True) as terminal:
        ended = await terminal.answer("[y/N] ", b"\x03")
    assert (ended.code, ended.out) == (130, "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "C-1", "CCSL", *PAT, "--yes"),
        ("suspend", "C-1", "CCSL", *PAT),
        ("send", "C-1", "CCSL", "withdraw", "--yes"),
        ("send", "C-1", "CCSL", "suspend", '{"reason": "a complaint", "by": "Pat"}'),
    ],
    ids=lambda words: f"{words[0]}-{words[3]}",
)
def test_yes_and_what_can_be_undone_ask_nothing(arguments: Sequence[str]) -> None:
    ended = drawn_here(arguments, NOBODY, piped=True)
    assert ended.code == 3
    assert "[y/N]" not in ended.err
