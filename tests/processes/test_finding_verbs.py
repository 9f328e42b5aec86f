"""The finding verbs against the real engine: `list`, `due`, `attention`, `summary`, `status` and `timeline`."""

import asyncio
import shlex
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowFailureError

from cli import filters
from cli.verbs import list as list_verb
from client import finding
from record.opening import open_record
from runtime.embedded import EmbeddedServer
from tests.processes.engine import Engine, engine
from tests.processes.here import drawn_here, engine_here, impatient
from tests.processes.messages import DOMAINS, NAME, instant, result
from tests.processes.programs import NOBODY, Ended, run_here
from tests.processes.terminal import Terminal
from tests.unit.cli.parsing import parsed
from tests.waiting import eventually


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace, a worker and some people at all stations of a candidacy."""
    async with engine_here(tmp_path_factory.mktemp("finding"), embedded) as running:
        await enrolled(running)
        yield running


TASK_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
SUBMITTED = {"submission_id": "W-1", "uri": "https://files.example.org/w-1.pdf", "sha256": "a" * 64}


@pytest_asyncio.fixture(scope="module")
async def beside(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for what ended otherwise: the people of the other tests are counted."""
    async with engine_here(tmp_path_factory.mktemp("beside"), embedded) as running:
        yield running


async def enrolled(running: Engine) -> None:
    held = await running.enrol("F-held", designation="CCMA", experience=None)
    await held.signal("record_assessment_result", result(1, DOMAINS[0], passed=False))
    refused = await running.enrol("F-refused")
    await refused.signal("suspend", {"reason": "x", "by": "y"})
    withdrawn = await running.enrol("F-closed")
    await withdrawn.signal("withdraw", {"reason": "moves abroad"})
    certified = await running.enrol("F-certified", designation="CCMA", experience=None)
    failed = result(9, DOMAINS[0], 50, taken_at=instant(50))
    for payload in (failed, *(result(number, domain) for number, domain in enumerate(DOMAINS, start=1))):
        await certified.signal("record_assessment_result", payload)
    await running.enrol("F-waiting", designation="CCMC", purchase=None, experience=None)
    # Bought almost two years ago: the last reminders and the deadline lie in the coming weeks.
    late = {"reference": "INV-1", "purchased_at": instant(720)}
    await running.enrol("F-late", designation="CCMC", purchase=late, experience=None)

    async def settled() -> bool:
        stand = {one.candidate_id: (one.status, one.needs_attention) for one in await listed(running)}
        return stand == {
            "F-held": ("testing", ("held-result:R-1",)),
            "F-refused": ("testing", ("refused-message",)),
            "F-closed": ("withdrawn", ()),
            "F-certified": ("certified", ()),
            "F-waiting": ("awaiting_purchase", ()),
            "F-late": ("testing", ()),
        }

    await eventually(settled)


async def listed(running: Engine, *arguments: str) -> list[finding.Entry]:
    """What `list` finds with these flags, asked for without a process of its own."""
    given = parsed("list", *arguments).params
    flags = filters.Filters(**{name: given[name] for name in filters.Filters._fields})
    return [one async for one in finding.candidacies(running.client, filters.filter_of(flags))]


def candidates(document: object) -> list[str]:
    assert isinstance(document, list)
    return [entry["candidate_id"] for entry in document]


# --- list


async def test_list_sorts_limits_and_filters(certpath: Engine) -> None:
    def printed(*arguments: str) -> list[str]:
        ended = certpath.starter("list", "--live", "--json", *arguments)
        assert (ended.code, ended.err) == (0, "")
        return candidates(ended.document)

    everybody = sorted(one.candidate_id for one in await listed(certpath))
    assert len(everybody) == 6
    assert printed("--sort", "candidate", "--reverse", "--limit", "2") == everybody[:-3:-1]
    assert len(printed("--limit", "4")) == 4
    assert printed("--query", "CandidateId STARTS_WITH 'F-c'", "--sort", "candidate") == ["F-certified", "F-closed"]


async def test_sorts_and_filters_rest_on_what_is_published(certpath: Engine) -> None:
    async def found(*arguments: str) -> list[str]:
        return sorted(one.candidate_id for one in await listed(certpath, *arguments))

    everybody = [list_verb.Listed.of_entry(one) for one in await listed(certpath)]
    by_deadline = list_verb.ordered(everybody, "deadline", reverse=False)
    assert [one.candidate_id for one in (by_deadline[0], by_deadline[-1])] == ["F-late", "F-closed"]
    assert list_verb.ordered(everybody, "status", reverse=False)[0].candidate_id == "F-waiting"
    assert await found("--due-within", "4w") == ["F-late"]
    assert await found("--status", "lapsed") == []
    assert await found("--attention", "--designation", "CCMA", "--status", "testing") == ["F-held"]


def test_a_piped_list_is_plain_and_aligned(certpath: Engine) -> None:
    listed = certpath.starter("list", "--live", "--sort", "candidate")
    header, *rows = listed.out.splitlines()
    assert header.split("  ")[0] == "candidate"
    assert len(rows) == 6
    assert {row[header.index("designation") - 1] for row in rows} == {" "}
    assert "held-result:R-1" in listed.out
    assert listed.err == "6 candidacies\n"
    nobody = certpath.starter("list", "--live", "--status", "lapsed")
    assert (nobody.code, nobody.err) == (0, "0 candidacies\n")
    assert nobody.out.split()[0] == "candidate"


def test_a_list_filter_that_temporal_does_not_take_is_answered_in_its_words(certpath: Engine) -> None:
    for verb in ("list", "summary"):  # those that find, and those that count first
        ended = certpath.starter(verb, "--query", "Shoe = 43", "--json")
        assert (ended.code, ended.document["error"]["kind"]) == (2, "bad-input")
        assert "Shoe" in ended.err
        assert "AND (Shoe = 43)" in ended.err
        assert "registered?" not in ended.err, "a typing error is no missing search attribute"


# --- due


def test_due_tells_deadlines_and_reminders_day_by_day(certpath: Engine) -> None:
    due = certpath.starter("due", "--live", "--within", "4w", "--json")
    assert (due.code, due.err) == (0, "")
    told = [(one["candidate_id"], one["what"], one["border"]) for one in due.document]
    assert ("F-late", "the testing window closes", True) in told
    assert ("F-late", "reminder: 7 days to the testing deadline", False) in told
    assert {candidate for candidate, _, _ in told} == {"F-late"}
    assert [one["day"] for one in due.document] == sorted(one["day"] for one in due.document)
    shown = certpath.starter("due", "--live", "--within", "4w").out
    assert shown.index("reminder: 7 days") < shown.index("the testing window closes")
    assert all(f"\n{one['day']} " in shown for one in due.document)
    assert "24 months from the purchase" in shown


def test_deadlines_alone_come_from_the_search_attributes(certpath: Engine) -> None:
    asked = certpath.starter("due", "--live", "--within", "4w", "--json").document
    everybody = certpath.starter("due", "--live", "--within", "500w", "--deadlines", "--json").document
    assert sorted(candidates(everybody)) == ["F-certified", "F-held", "F-late", "F-refused", "F-waiting"]
    (late,) = (one for one in everybody if one["candidate_id"] == "F-late")
    assert (late["border"], late["overdue"]) == (True, False)
    assert (late["day"], late["at"]) in [(one["day"], one["at"]) for one in asked]


def test_alarms_far_before_their_deadline_are_found_too(certpath: Engine) -> None:
    due = certpath.starter(
        "due", "--live", "--within", "120w", "--designation", "CCMA", "--status", "certified", "--json"
    )
    assert "the recertification window opens" in {one["what"] for one in due.document}


def test_nothing_due_is_no_error(certpath: Engine) -> None:
    nothing = certpath.starter("due", "--live", "--within", "1h")
    assert (nothing.code, nothing.out) == (0, "")
    assert "No dates" in nothing.err


# --- attention


async def test_attention_tells_what_to_do_and_the_command_does_it(certpath: Engine) -> None:
    cases = certpath.starter("attention", "--live", "--json")
    assert (cases.code, cases.err) == (0, "")
    assert sorted(candidates(cases.document)) == ["F-held", "F-refused"]
    shown = certpath.starter("attention", "--live")
    for case in cases.document:
        assert {"since", "candidate_id", "designation", "status", "attention", "what", "advice", "command"} <= {*case}
        assert case["since"]
        assert f"\n    {case['command']}\n" in shown.out
    assert shown.err == "2 cases for 2 candidacies\n"
    (refused,) = certpath.starter("attention", "--live", "--kind", "refused-message", "--json").document
    _, *pasted = shlex.split(refused["command"])
    ended = certpath.starter(*pasted)
    assert (ended.code, ended.err) == (2, "The command still has gaps:\n  --by: fill in <who>\n")
    assert certpath.starter(*("Pat Lee" if word == "<who>" else word for word in pasted)).code == 0
    assert (await certpath.handle("F-refused").query("status"))["attention"] == []


def test_attention_of_one_person_or_one_candidacy(certpath: Engine) -> None:
    assert candidates(certpath.starter("attention", "F-held", "--json").document) == ["F-held"]
    nothing = certpath.starter("attention", "F-late", "CCMC")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "Nothing needs attention.\n")
    assert certpath.starter("attention", "F-nobody", "CCMA").code == 1
    assert certpath.starter("attention", "F-closed", "CCSL").code == 0
    unknown = certpath.starter("attention", "NOPE", "--json")
    assert (unknown.code, unknown.document["error"]["kind"]) == (1, "not-found")
    assert "no candidacy of NOPE" in unknown.err


async def test_the_designation_may_be_left_out_where_a_person_has_one_candidacy(beside: Engine) -> None:
    await beside.enrol("W-one", designation="CCMC", purchase=None, experience=None)
    await beside.enrol("W-two", designation="CCMA", experience=None)
    await beside.enrol("W-two", designation="CCSL")
    assert beside.starter("status", "W-one", "--json").document["designation"] == "CCMC"
    assert beside.starter("timeline", "W-one").code == 0
    assert beside.starter("confirm-purchase", "W-one", "--purchase-ref", "INV-8").code == 0
    for verb in ("status", "timeline", "suspend"):
        flags = ("--reason", "x", "--by", "y") if verb == "suspend" else ()
        ended = beside.starter(verb, "W-two", *flags, "--json")
        assert ended.code == 2
        assert [one["designation"] for one in ended.document["error"]["candidacies"]] == ["CCSL", "CCMA"]
        assert "W-two CCMA: testing" in ended.err
    assert beside.starter("withdraw", "W-two", "CCSL").code == 0
    assert beside.starter("withdraw", "W-two").code == 0, "a message goes to the one that is open"
    assert beside.starter("status", "NOPE").code == 1


async def test_what_is_under_review_is_on_a_list_the_oldest_arrival_first(beside: Engine) -> None:
    handles = [await beside.enrol(f"V-{number}") for number in (1, 2)]
    for handle in reversed(handles):
        await handle.execute_update("submit_work_product", SUBMITTED)

    async def listed() -> bool:
        found = [one["candidate_id"] for one in beside.starter("reviews", "--live", "--json").document]
        return found == ["V-2", "V-1"]

    await eventually(listed)
    first = beside.starter("reviews", "--live", "--json").document[0]
    assert (first["kind"], first["submission_id"], first["uri"]) == ("work product", "W-1", SUBMITTED["uri"])
    table = beside.starter("reviews", "--live")
    assert SUBMITTED["uri"] in table.out
    assert table.err == "2 submissions are under review.\n"
    for handle in handles:
        verdict = {"submission_id": "W-1", "reviewer": "R", "verdict": "failed"}
        await handle.execute_update("review_work_product", verdict)


def test_held_results_are_listed_by_themselves(certpath: Engine) -> None:
    (hold,) = certpath.starter("hold", "list", "--live", "--json").document
    assert (hold["candidate_id"], hold["result_id"], hold["kind"]) == ("F-held", "R-1", "held-result")
    assert "flag" in hold["what"]
    assert certpath.starter("hold", "list", "F-late", "CCMC").err == "No result is held.\n"


# --- summary


def test_summary_counts_and_tells_rates(certpath: Engine) -> None:
    summary = certpath.starter("summary", "--live", "--json")
    assert (summary.code, summary.err) == (0, "")
    document = summary.document
    counts = {(one["designation"], one["status"]): one["count"] for one in document["counts"]}
    assert counts == {
        ("CCMA", "testing"): 1,
        ("CCMA", "certified"): 1,
        ("CCSL", "testing"): 1,
        ("CCSL", "withdrawn"): 1,
        ("CCMC", "testing"): 1,
        ("CCMC", "awaiting_purchase"): 1,
    }
    assert (document["total"], document["adds_up"], document["asked"], document["left_out"]) == (6, True, 6, 0)
    rates = {one["domain"]: one for one in document["pass_rates"]}
    assert set(rates) == set(DOMAINS)
    retaken = rates[DOMAINS[0]]
    assert (retaken["attempted"], retaken["passed"], retaken["passed_first"]) == (1, 1, 0)
    assert (retaken["pass_rate"], retaken["first_rate"], rates[DOMAINS[1]]["first_rate"]) == (
        "100.00",
        "0.00",
        "100.00",
    )
    assert document["certification"] == {"certified": 1, "median_days": 60, "median_days_from_registration": 0}
    assert document["record"] is None
    table = certpath.starter("summary", "--live")
    assert "60 days in the median" in table.out
    assert "while Temporal keeps them" in table.err
    assert "6 candidacies that were asked" in table.err


def test_counts_alone_and_of_some(certpath: Engine) -> None:
    counts = certpath.starter("summary", "--live", "--counts", "--designation", "CCMA", "--json").document
    assert (counts["total"], counts["pass_rates"], counts["asked"]) == (2, None, None)
    nobody = certpath.starter("summary", "--live", "--status", "lapsed")
    assert nobody.code == 0
    assert "0 candidacies" in nobody.err


async def test_what_ended_otherwise_is_counted_apart_and_what_never_began_is_not_counted(beside: Engine) -> None:
    # A registration that cannot be one fails its workflow at once. It never became a candidacy.
    broken = await beside.client.start_workflow(
        "CertificationWorkflow", {"no": 1}, id="certification:CCSL:F-broken", task_queue="certification"
    )
    with pytest.raises(WorkflowFailureError):
        await broken.result()
    terminated = await beside.enrol("F-gone")
    await eventually(lambda: terminated.query("timeline"))
    await terminated.terminate("by hand")
    ids = "'certification:CCSL:F-broken', 'certification:CCSL:F-gone'"
    await eventually(lambda: listed(beside, "--query", f"WorkflowId IN ({ids}) AND ExecutionStatus = 'Terminated'"))
    summary = beside.starter("summary", "--query", f"WorkflowId IN ({ids})", "--json").document
    assert [(one["status"], one["count"]) for one in summary["counts"]] == [("(ended otherwise)", 1)]
    assert (summary["asked"], summary["left_out"]) == (1, 0)


# --- status and timeline


def test_the_card_of_a_closed_candidacy_does_not_read_as_open(certpath: Engine) -> None:
    card = certpath.starter("status", "F-closed", "CCSL")
    assert (card.code, card.err) == (0, "")
    assert "withdrawn: closed, withdrawn by the person or by the office" in card.out
    assert not [words for words in ("Next", "may be", "still to be", "Testing until") if words in card.out]


async def test_the_card_of_a_terminated_workflow_says_so(beside: Engine) -> None:
    ended = await beside.enrol("F-terminated")

    async def taken_up() -> bool:
        return bool((await ended.query("status"))["status"] == "testing")

    await eventually(taken_up)
    await ended.terminate("by hand")
    card = beside.starter("status", "F-terminated", "CCSL").out
    assert "ended in Temporal (terminated)" in card
    assert "Next" not in card
    await eventually(lambda: listed(beside, "--query", "ExecutionStatus = 'Terminated'"))
    assert "(terminated)" in beside.starter("list", "--live", "--sort", "candidate").out
    # The way back, as the admin's guide tells it: the last workflow task is taken up again in a new run.
    history = await ended.fetch_history()
    tasks = [event.event_id for event in history.events if event.event_type == TASK_COMPLETED]
    await beside.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=beside.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=ended.id),
            reason="terminated by mistake",
            workflow_task_finish_event_id=tasks[-1],
            request_id="once",
        )
    )
    receipt = await ended.execute_update("record_assessment_result", result(1, DOMAINS[0]))
    assert receipt["events"] == ["AssessmentPassed"]
    assert "ended in Temporal" not in beside.starter("status", "F-terminated", "CCSL").out


def test_the_card_gives_its_days_a_reason(certpath: Engine) -> None:
    card = certpath.starter("status", "F-held", "CCMA").out
    assert "24 months from the purchase on" in card
    assert "the vendor's flag says not passed" in card
    assert "decide with `hold resolve`" in card
    assert "0 of 4 met" in card
    assert "36 months from" in certpath.starter("status", "F-certified", "CCMA").out


def test_a_timeline_from_a_day_on_and_of_some_types(certpath: Engine) -> None:
    types = ("--type", "AssessmentFailed", "--type", "Certified", "--since", "2000-01-01")
    events = certpath.starter("timeline", "F-certified", "CCMA", "--json", *types).document
    assert [event["type"] for event in events] == ["AssessmentFailed", "Certified"]
    nothing = certpath.starter("timeline", "F-certified", "CCMA", "--since", "2999-01-01")
    assert (nothing.code, nothing.out) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("status", "F-held", "CCZZ"), "CCZZ is none of CCSL"),
        (("timeline", "F-held", "CCZZ"), "CCZZ is none of CCSL"),
        (("attention", "F-held", "CCZZ"), "CCZZ is none of CCSL"),
        (("result", "F-held", "ccma", "--result-id=R", "--domain=d", "--taken-at=x"), "write CCMA"),
        (("hold", "resolve", "F-held", "CCZZ", "--result-id=R", "--decision=accept", "--by=b", "--reason=r"), "CCZZ"),
        (("send", "F-held", "CCZZ", "withdraw", "-"), "CCZZ is none of CCSL"),
        (("timeline", "F-held", "CCMA", "--type", "Certifed"), "did you mean Certified"),
        (("timeline", "F-held", "CCMA", "--since", "31/02/2027"), "2026-11-22"),
        (("list", "--sort", "size"), "--sort"),
        (("list", "--limit", "0"), "a whole number from 1"),
        (("list", "--reverse"), "--sort"),
        (("list", "--query", "a = 1) OR (b = 2"), "parentheses"),
        (("due", "--within", "99999999999d"), "at most 9999d"),
        (("due", "--status", "expired"), "nothing due"),
        (("attention", "--kind", "trouble"), "held-result"),
        (("attention", "F-held", "CCMA", "--status", "testing"), "no filter"),
        (("summary", "--designation", "CCZZ"), "CCZZ is none of CCSL"),
    ],
)
def test_bad_input_is_code_2_before_any_server_is_asked(arguments: tuple[str, ...], told: str) -> None:
    # No server listens there: had it tried to ask, it would be code 3.
    ended = run_here(arguments, NOBODY)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "Traceback" not in ended.err


# --- at a terminal


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("list", "--live"), ("F-certified", "6 candidacies")),
        (("due", "--live"), ("F-late", "the testing window", "in ")),
        (("attention", "F-held", "CCMA"), ("./starter.py hold resolve F-held CCMA --result-id R-1",)),
        (("summary", "--live"), ("awaiting_purchase", "60 days in the median")),
        (("status", "F-held", "CCMA"), ("Requirements", "0 of 4 met")),
        (("timeline", "F-certified", "CCMA"), ("Certified: certificate",)),
    ],
)
def test_every_verb_draws_on_a_terminal(certpath: Engine, arguments: tuple[str, ...], shown: tuple[str, ...]) -> None:
    ended = drawn_here(arguments, certpath.place)
    assert ended.code == 0
    assert all(words in ended.out for words in shown)
    assert "Traceback" not in ended.out


# --- without a worker


async def test_without_a_worker_what_is_published_is_found_and_the_rest_is_code_3(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    async with engine(tmp_path, embedded, working=False) as alone:
        await asyncio.gather(*(alone.enrol(f"N-{number:02}") for number in range(60)))

        async def published() -> bool:
            return len(await listed(alone)) == 60

        await eventually(published)
        assert alone.starter("summary", "--live", "--counts", "--json").document["counts"] == [
            {"designation": "(other)", "status": "(no status yet)", "count": 60}
        ]
        assert alone.starter("due", "--live", "--deadlines", "--json").document == []
        assert alone.starter("attention", "--live", "--json").document == []
        asking = (("due", "--live"), ("summary", "--live"), ("attention", "N-01", "CCSL"))
        with impatient():
            answers = [alone.starter(*arguments, "--json") for arguments in asking]
        for ended in answers:
            assert (ended.code, ended.document["error"]["kind"]) == (3, "no-worker")
            assert "./worker.py" in ended.err
        with Terminal(alone.place, "summary", "--live") as terminal:
            await eventually(lambda: "asking" in terminal.look())
            terminal.process.send_signal(signal.SIGINT)
            interrupted = await terminal.ended()
        assert interrupted.code == 130
        assert "Traceback" not in interrupted.out


# --- the record, and how far it is behind


async def test_the_record_answers_as_the_workflows_do(certpath: Engine) -> None:
    """What Temporal and the workflows answer is in the answer of the record too, which says that it is not behind."""

    async def recorded() -> bool:
        return "which counts as many open candidacies" in certpath.starter("list", "--attention").err

    await eventually(recorded)
    # The list of Temporal has the start of a workflow, and the record the registration, which may come a second later.
    other = {"run_id", "opened_at"}
    for verb in (
        ("list", "--sort", "candidate"),
        ("list", "--attention", "--sort", "candidate"),
        ("list", "--due-within", "4w"),
        ("list", "--status", "withdrawn"),
        ("due", "--within", "500w"),
        ("attention",),
        ("hold", "list"),
    ):
        here, live = certpath.starter(*verb, "--json"), certpath.starter(*verb, "--live", "--json")
        assert (here.code, here.err, len(here.document)) == (0, "", len(live.document)), verb
        for ours, theirs in zip(here.document, live.document, strict=True):
            same = {name: value for name, value in theirs.items() if value is not None and name not in other}
            assert {name: ours[name] for name in same} == same
    here, live = (
        certpath.starter("summary", "--json").document,
        certpath.starter("summary", "--live", "--json").document,
    )
    counts = [{(one["designation"], one["status"]): one["count"] for one in each["counts"]} for each in (here, live)]
    assert counts[0] == counts[1]
    assert {**here, "counts": None, "record": None} == {**live, "counts": None}
    assert here["record"]["open"] == here["record"]["open_at_temporal"] == 5
    names = {one["name"] for one in certpath.starter("list", "--json").document}
    assert names == {NAME}


async def test_the_record_says_how_far_it_is_behind_what_temporal_counts(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    """Ten have registered, and no worker has taken them up: whatever is asked for, they may be meant."""
    url = f"sqlite:///{tmp_path / 'record.db'}"
    open_record(url).dispose()
    async with engine(tmp_path, embedded, working=False) as alone:

        def asked(*arguments: str) -> Ended:
            return alone.starter(*arguments, CERTPATH_RECORD_URL=url)

        nothing = asked("list", "--json")
        assert (nothing.code, nothing.document, nothing.err) == (0, [], "")
        assert "which counts as many open candidacies as Temporal does" in asked("list").err
        await asyncio.gather(*(alone.enrol(f"B-{number:02}") for number in range(10)))

        async def published() -> bool:
            return len(await listed(alone)) == 10

        await eventually(published)
        filters = ("--status", "testing", "--designation", "CCSL")
        for verb in (
            ("list", *filters, "--due-within", "9w", "--attention"),
            ("list", "--status", "withdrawn"),
            ("due", *filters),
            ("attention", *filters),
            ("reviews",),
            ("hold", "list"),
        ):
            ended = asked(*verb, "--json")
            assert (ended.code, ended.document) == (0, [])
            assert "it has 0, and Temporal 10" in ended.err, verb
        summary = asked("summary", "--json")
        assert (summary.document["total"], summary.document["record"]["open"]) == (0, 0)
        assert summary.document["record"]["open_at_temporal"] == 10
        assert "it has 0, and Temporal 10" in summary.err
        assert asked("list", "B-01", "--json").err.startswith("The record is behind")
