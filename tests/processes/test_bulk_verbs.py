"""`import`, `results` and `message` as operations use them: whole files, twice, interrupted, with mistakes."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from runtime.settings import ROOT
from tests.processes.engine import Engine, engine
from tests.processes.evidence import timeline
from tests.processes.here import engine_here
from tests.processes.messages import DOMAINS, instant, workflow_id
from tests.processes.programs import surroundings
from tests.waiting import PATIENCE, eventually

ROWS = 120
"""So many that an import of them can be stopped three times on the way."""
CANDIDATE_COLUMNS = ("candidate_id", "name", "email", "designation", "purchase_reference", "purchased_at")
RESULT_COLUMNS = (
    *("candidate_id", "designation", "result_id", "revision", "domain", "taken_at", "outcome", "percentage"),
    "message_id",
)
USED = "used-before"
"""A message id that the candidacy knows already, with other content."""


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """A server and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("bulk")) as running:
        yield running


def write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def candidates(path: Path, prefix: str, count: int, designation: str = "CCMA") -> Path:
    people = (f"{prefix}-{number}" for number in range(count))
    rows = [(one, "Ana Ruiz", f"{one}@example.org", designation, f"INV-{one}", instant(60)) for one in people]
    return write(path, CANDIDATE_COLUMNS, rows)


def outcomes(path: Path) -> list[str]:
    """The last cell of each line, the first line left out."""
    with path.open(newline="") as file:
        return [row[-1] for row in csv.reader(file)][1:]


def kinds(path: Path) -> Counter[str]:
    return Counter(outcome.partition(":")[0] for outcome in outcomes(path))


async def runs(certpath: Engine, prefix: str, count: int) -> Counter[str]:
    """How many runs there are of each workflow with this beginning, once so many workflows are seen."""

    async def seen() -> Counter[str] | None:
        query = f"CandidateId STARTS_WITH '{prefix}-'"
        found = Counter([execution.id async for execution in certpath.client.list_workflows(query)])
        return found if len(found) >= count else None

    return await eventually(seen) or Counter()


# --- import


async def test_a_file_is_enrolled_once_however_often_it_is_given(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I1", 12)
    dry = certpath.starter("import", str(file), "--dry-run")
    assert dry.code == 0, dry.err
    assert set(outcomes(tmp_path / "people.dry-run.csv")) == {"would be registered"}
    assert certpath.starter("status", "I1-0", "CCMA").code == 1

    first = certpath.starter("import", str(file), "--json")
    assert first.code == 0, first.err
    assert first.document == {
        "rows": 12,
        "outcomes": {"registered": 12},
        "known_before": 0,
        "outcome_file": str(tmp_path / "people.outcome.csv"),
        "finished": True,
    }
    again = certpath.starter("import", str(file))
    assert (again.code, again.out) == (0, "")
    assert set(outcomes(tmp_path / "people.outcome.csv")) == {"already enrolled"}
    started = await runs(certpath, "I1", 12)
    assert len(started) == started.total() == 12
    # The same list, after a spreadsheet has made other ids of it.
    other = candidates(tmp_path / "other.csv", "i01", 2)
    doubted = certpath.starter("import", str(other))
    assert doubted.code == 2
    assert "row 2: i01-0 looks like I1-0" in doubted.err
    await purchased(certpath, "I1-3", "CCMA")


@pytest.mark.parametrize("both", [True, False])
def test_an_act_that_nobody_listens_to_goes_on_and_ends_with_its_own_code(
    certpath: Engine, tmp_path: Path, both: bool
) -> None:
    """`starter.py import people.csv 2>&1 | logger`, and the logger has ended."""
    prefix = f"I9{both:d}"
    file = candidates(tmp_path / "people.csv", prefix, 3)
    with file.open("a") as more:
        more.write(f"{prefix}-9,Bob,bob@example.org,CCMA,INV-{prefix}-9,2019-01-01\r\n")
    command = [sys.executable, "starter.py", "import", str(file), "--json"]

    def ended() -> int:
        read, write = os.pipe()
        os.close(read)
        try:
            environment = surroundings(certpath.server.address, {})
            stderr = write if both else subprocess.DEVNULL
            return subprocess.run(
                command, cwd=ROOT, env=environment, stdout=write, stderr=stderr, timeout=PATIENCE, check=False
            ).returncode
        finally:
            os.close(write)

    assert ended() == 1, "one of them is refused, whoever reads that"
    assert kinds(tmp_path / "people.outcome.csv") == {"registered": 3, "refused": 1}
    file.write_text("\n".join(file.read_text().splitlines()[:-1]))
    assert ended() == 0
    assert kinds(tmp_path / "people.outcome.csv") == {"already enrolled": 3}


async def purchased(certpath: Engine, candidate: str, designation: str) -> dict[str, Any]:
    """The status of a candidate whose purchase came with the registration, as soon as the worker has taken that up."""

    async def found() -> dict[str, Any] | None:
        status: dict[str, Any] = await certpath.handle(candidate, designation).query("status")
        return status if status["purchased_at"] else None

    status = await eventually(found)
    assert status is not None
    return status


async def test_a_bad_row_starts_nothing_unless_it_is_to_be_left_out(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I2", 3)
    with file.open("a") as more:
        more.write("I2-9,Bob,no-address,CCMA,INV-9,31/02/2027\r\nI2-1,Ana,a@b.de,CCMA,,\r\n")
    refused = certpath.starter("import", str(file), "--json")
    assert refused.code == 2
    found = {(one["row"], one["column"]) for one in refused.document["error"]["problems"]}
    assert found == {(5, "email"), (5, "purchased_at"), (6, "candidate_id")}
    for told in (
        "row 5, I2-9, email",
        "row 5, I2-9, purchased_at",
        "31/02/2027",
        "row 6, I2-1, candidate_id",
        "nothing was",
    ):
        assert told in refused.err
    assert certpath.starter("status", "I2-0", "CCMA").code == 1

    taken = certpath.starter("import", str(file), "--skip-bad")
    assert taken.code == 1
    assert kinds(tmp_path / "people.outcome.csv") == {"registered": 3, "bad": 2}
    assert len(await runs(certpath, "I2", 3)) == 3


async def test_a_closed_candidacy_is_opened_again_once_and_only_when_asked_to(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I3", 1)
    outcome = tmp_path / "people.outcome.csv"

    async def withdraw() -> None:
        handle = certpath.handle("I3-0", "CCMA")
        await handle.execute_update("withdraw", {})
        await handle.result()  # its workflow ends when its notices are sent

    certpath.starter("import", str(file))
    await withdraw()
    assert certpath.starter("import", str(file)).code == 1
    (told,) = outcomes(outcome)
    assert told.startswith("refused: the candidacy is closed (withdrawn)")
    assert "--re-enrol" in told

    assert certpath.starter("import", str(file), "--re-enrol").code == 0
    assert outcomes(outcome) == ["registered"]
    await withdraw()
    # The same command again and again, as after interruptions: what it has opened is not opened a second time.
    for _ in range(2):
        assert certpath.starter("import", str(file), "--re-enrol").code == 1
        assert "an earlier run of this command" in outcomes(outcome)[0]
    dry = certpath.starter("import", str(file), "--re-enrol", "--dry-run", "--json")
    assert dry.document["outcomes"] == {"refused": 1}
    assert await runs(certpath, "I3", 1) == {workflow_id("I3-0", "CCMA"): 2}
    fresh = certpath.starter("import", str(file), "--re-enrol", "--outcome", str(tmp_path / "next-year.csv"))
    assert fresh.code == 0


async def test_a_purchase_whose_window_is_over_enrols_nobody(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I7", 1)
    file.write_text(file.read_text().replace(instant(60), instant(1000)))
    for more in ((), ("--dry-run",)):
        ended = certpath.starter("import", str(file), "--json", *more)
        assert (ended.code, ended.document["outcomes"]) == (1, {"refused": 1})
    assert "had to be completed by" in outcomes(tmp_path / "people.outcome.csv")[0]
    assert certpath.starter("status", "I7-0", "CCMA").code == 1


async def test_somebody_enrolled_with_other_data_is_refused_with_the_reason(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I4", 1)
    certpath.starter("import", str(file))
    file.write_text(file.read_text().replace("Ana Ruiz", "Ben Okafor"))
    ended = certpath.starter("import", str(file))
    assert ended.code == 1
    (told,) = outcomes(tmp_path / "people.outcome.csv")
    assert told.startswith("refused: ")
    assert "other data" in told
    assert "Okafor" not in told


def begun(command: Sequence[str], certpath: Engine, **options: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "starter.py"), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(certpath.server.address, {}),
        **options,
    )


async def some_way(process: "subprocess.Popen[bytes]", outcome: Path, done_before: int) -> int:
    """Lets it register some rows more than were done before, and no further; answers how many are done by then."""

    def registers() -> bool:
        found = kinds(outcome) if outcome.exists() else Counter()
        return found["already enrolled"] >= done_before and found["registered"] > 5

    await eventually(lambda: process.poll() is not None or registers())
    process.send_signal(signal.SIGSTOP)
    assert process.poll() is None
    found = kinds(outcome)
    assert found["not reached"] > 0
    return found["registered"] + found["already enrolled"]


async def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Lets it go on to its end; answers its exit code and stderr."""
    process.send_signal(signal.SIGCONT)
    _, told = await asyncio.to_thread(process.communicate, timeout=PATIENCE)
    return process.returncode, told.decode()


async def test_interrupted_anywhere_it_goes_on_and_does_nothing_twice(tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I5", ROWS)
    outcome = tmp_path / "people.outcome.csv"
    command = ["import", str(file), "--at-once", "2"]
    # Without a worker: nobody needs to take these registrations up.
    async with engine(tmp_path, working=False, lasting=True) as idle:
        process = begun(command, idle)
        await some_way(process, outcome, 0)
        process.send_signal(signal.SIGINT)
        code, told = await ended(process)
        assert code == 130, told
        assert "goes on" in told
        found = kinds(outcome)
        assert found["registered"] > 5
        assert found["not reached"] > 0
        assert found.total() == ROWS

        process = begun(command, idle)
        done = await some_way(process, outcome, found["registered"])
        process.send_signal(signal.SIGKILL)
        assert (await ended(process))[0] == -signal.SIGKILL

        # Without Temporal nothing is lost, and the code is 3.
        process = begun(command, idle)
        done = await some_way(process, outcome, done)
        await idle.server.kill()
        code, told = await ended(process)
        assert code == 3, told
        assert "Run the same command again" in told
        assert "Traceback" not in told
        assert kinds(outcome).total() == ROWS

        await idle.server.start()
        again = idle.starter("import", str(file))
        assert again.code == 0, again.err
        person = ("--candidate", "R5-1", "--name", "Ana Ruiz", "--email", "r5@example.org", "--designation", "CCMA")
        for noted in (again, idle.starter("register", *person, "--no-wait")):
            assert noted.err.count("Noted: there is no record here, so nobody was compared") == 1, "no worker made one"
        found = kinds(outcome)
        assert found["already enrolled"] >= done > 15
        assert found["registered"] + found["already enrolled"] == ROWS
        started = await runs(idle, "I5", ROWS)
        assert len(started) == started.total() == ROWS


# --- results


def feed(prefix: str) -> list[tuple[object, ...]]:
    """A pass and its correction, a no-show that is voided, one held, one refused, and some for nobody."""
    one, two = f"{prefix}-0", f"{prefix}-1"
    return [
        (one, "CCMA", "R-1", "", DOMAINS[0], instant(20), "", "81.5"),
        (one, "CCMA", "R-1", 2, DOMAINS[0], instant(20), "", "82.5"),
        (one, "CCMA", "R-2", "", DOMAINS[1], instant(20), "No Show", ""),
        (one, "CCMA", "R-2", 2, DOMAINS[1], instant(20), "voided", ""),
        (two, "CCMA", "R-3", "", DOMAINS[0], instant(20), "", "69.99999999999999999999"),
        (two, "CCMA", "R-4", "", DOMAINS[0], instant(10), "", "90"),
        (two, "CCMA", "R-7", "", DOMAINS[1], instant(10), "", "91", USED),
        (f"{prefix}-9", "CCMA", "R-5", "", DOMAINS[0], instant(20), "", "90"),
        (f"{prefix}-2", "CCMA", "R-6", "", DOMAINS[0], instant(20), "", "90"),
    ]


async def test_a_feed_that_is_played_every_night_changes_nothing_after_the_first(
    certpath: Engine, tmp_path: Path
) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "F1", 3)))
    await eventually(lambda: certpath.starter("status", "F1-2", "CCMA").code == 0)
    await certpath.handle("F1-2", "CCMA").execute_update("withdraw", {})
    await certpath.handle("F1-2", "CCMA").result()
    await certpath.handle("F1-1", "CCMA").execute_update("update_contact", {"publish": True, "message_id": USED})
    file = write(tmp_path / "feed.csv", RESULT_COLUMNS, feed("F1"))
    outcome = tmp_path / "feed.outcome.csv"
    dry = certpath.starter("results", str(file), "--dry-run", "--json")
    # As many as the real run takes, holds and refuses below.
    assert dry.document["outcomes"] == {
        "would be taken": 5,
        "would be held": 1,
        "would be refused": 1,
        "unknown": 1,
        "closed": 1,
    }

    first = certpath.starter("results", str(file))
    assert first.code == 1
    assert outcomes(outcome)[:5] == [
        "taken: AssessmentPassed",
        "taken: ResultCorrected",
        "taken: NoShowRecorded",
        "taken: ResultCorrected",
        "taken: AssessmentFailed",
    ]
    assert list(kinds(outcome)) == ["taken", "held", "refused", "unknown", "closed"]
    assert outcomes(outcome)[-1] == "closed: withdrawn"

    handles = [certpath.handle(f"F1-{number}", "CCMA") for number in (0, 1)]
    lengths = [(await handle.describe()).history_length for handle in handles]
    events = [await timeline(handle) for handle in handles]
    for night in range(3):
        name = tmp_path / f"feed-{night}.csv"
        name.write_bytes(file.read_bytes())
        ended = certpath.starter("results", str(name), "--json")
        assert ended.document["outcomes"] == {"duplicate": 6, "refused": 1, "unknown": 1, "closed": 1}
    assert [await timeline(handle) for handle in handles] == events
    # What was only asked about, and what was refused once more, leaves no trace. The notices of the first night may
    # still have been on their way.
    await eventually(lambda: _quiet(certpath, "F1"))
    before = [(await handle.describe()).history_length for handle in handles]
    certpath.starter("results", str(file))
    assert [(await handle.describe()).history_length for handle in handles] == before
    assert all(now >= then for now, then in zip(before, lengths, strict=True))

    # The unknown one is enrolled at last: the next run of the same file delivers.
    certpath.starter("import", str(candidates(tmp_path / "more.csv", "F1", 10)))
    assert certpath.starter("results", str(file), "--json").document["outcomes"] == {
        "taken": 1,
        "duplicate": 6,
        "refused": 1,
        "closed": 1,
    }


async def _quiet(certpath: Engine, prefix: str) -> bool:
    """Whether no notice is on its way any more."""
    query = f"CandidateId STARTS_WITH '{prefix}-' AND ExecutionStatus = 'Running'"
    found = [
        await certpath.client.get_workflow_handle(one.id).describe()
        async for one in certpath.client.list_workflows(query)
    ]
    return not any(one.raw_description.pending_activities for one in found)


async def test_a_feed_comes_as_json_lines_through_a_pipe(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "F2", 1)))
    row = {"candidate_id": "F2-0", "designation": "CCMA", "result_id": "R-1", "domain": DOMAINS[0]}
    text = json.dumps({**row, "taken_at": instant(20), "points": 51, "out_of": 60}) + "\n"
    outcome = tmp_path / "o.csv"
    ended = certpath.starter("results", "-", "--outcome", str(outcome), "--json", stdin=text.encode())
    assert ended.document["outcomes"] == {"taken": 1}
    # The same row in another file, of another kind: the same message.
    cells = ("F2-0", "CCMA", "R-1", DOMAINS[0], instant(20), "51", "60")
    columns = ("candidate_id", "designation", "result_id", "domain", "taken_at", "points", "out_of")
    as_csv = write(tmp_path / "feed.csv", columns, [cells])
    assert certpath.starter("results", str(as_csv), "--json").document["outcomes"] == {"duplicate": 1}
    # Somebody unknown needs a person the first time, and not every night.
    nights = [certpath.starter("results", str(write(as_csv, columns, [cells, ("F2-9", *cells[1:])]))) for _ in "12"]
    assert [night.code for night in nights] == [1, 0]
    assert "1 closed or unknown, as an earlier run has said already" in nights[1].err


async def test_a_feed_with_bad_rows_sends_nothing(certpath: Engine, tmp_path: Path) -> None:
    rows = [("F3-0", "CCMA", "R-1", "", DOMAINS[0], "03/04/27", "", "81,5")]
    ended = certpath.starter("results", str(write(tmp_path / "feed.csv", RESULT_COLUMNS, rows)))
    assert ended.code == 2
    assert "row 2, F3-0, taken_at" in ended.err
    assert "row 2, F3-0, percentage" in ended.err
    assert not (tmp_path / "feed.outcome.csv").exists()


async def test_one_candidacy_that_does_not_answer_fails_alone(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "F4", 1)))
    await certpath.client.start_workflow(
        "CertificationWorkflow", {}, id=workflow_id("F4-stuck", "CCMA"), task_queue="nobody-works-here"
    )
    rows = [(one, "CCMA", "R-1", "", DOMAINS[0], instant(20), "", "90") for one in ("F4-stuck", "F4-0")]
    ended = certpath.starter("results", str(write(tmp_path / "feed.csv", RESULT_COLUMNS, rows)), "--json")
    assert ended.code == 1
    assert ended.document["outcomes"] == {"failed": 1, "taken": 1}


# --- message


EXTENSION = {"until": "2029-03-01", "reason": "storm", "approved_by": "M. Reyes"}


async def test_one_message_goes_to_all_that_the_filter_finds_and_counts_once(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "M1", 5, "CCOM")))
    for number in range(5):
        status = await purchased(certpath, f"M1-{number}", "CCOM")
    until = status["testing_deadline"]
    act = ("message", "--designation", "CCOM", "--query", "CandidateId STARTS_WITH 'M1-'", "extend_deadline")
    payload = json.dumps({**EXTENSION, "until": _days_after(until, 40)})
    outcome = tmp_path / "m.csv"

    unasked = certpath.starter(*act, payload, "--outcome", str(outcome))
    assert unasked.code == 2
    assert "5 open candidacies: 5 CCOM" in unasked.err
    assert "--yes" in unasked.err
    dry = certpath.starter(*act, payload, "--dry-run", "--json", "--outcome", str(tmp_path / "dry.csv"))
    assert dry.document["outcomes"] == {"would be taken": 5}
    late = json.dumps({**EXTENSION, "until": _days_after(until, -40)})
    dry = certpath.starter(*act, late, "--dry-run", "--json", "--outcome", str(tmp_path / "dry.csv"))
    assert dry.document["outcomes"] == {"would be refused": 5}
    assert (await certpath.handle("M1-0", "CCOM").query("status"))["testing_deadline"] == until

    sent = certpath.starter(*act, payload, "--yes", "--outcome", str(outcome), "--json")
    assert sent.document["outcomes"] == {"taken": 5}
    assert set(outcomes(outcome)) == {"taken: DeadlineExtended"}
    dry = certpath.starter(*act, payload, "--dry-run", "--outcome", str(outcome))
    assert "carried out already" in dry.err
    again = certpath.starter(*act, payload, "--yes", "--outcome", str(outcome))
    assert again.code == 0
    assert "carried out already" in again.err
    outcome.unlink()  # and even without its memory: the engine knows the message
    forgotten = certpath.starter(*act, payload, "--yes", "--outcome", str(outcome), "--json")
    assert forgotten.document["outcomes"] == {"duplicate": 5}
    before = outcome.read_text()
    anew = certpath.starter(*act, payload, "--yes", "--again", "--outcome", str(outcome), "--json")
    assert anew.document["outcomes"] == {"duplicate": 5}, "the deadline is there already"
    assert outcome.read_text() != before, "but the message is another one"


def _days_after(day: str, days: int) -> str:
    from datetime import date, timedelta

    return str(date.fromisoformat(day) + timedelta(days=days))


async def test_an_act_goes_on_with_those_that_were_found_the_first_time(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "M2", 3)))
    await eventually(lambda: certpath.starter("status", "M2-2", "CCMA").code == 0)
    act = ("message", "--query", "CandidateId STARTS_WITH 'M2-'", "update_contact", '{"publish": true}', "--yes")
    outcome = tmp_path / "m.csv"
    certpath.starter(*act, "--outcome", str(outcome))
    # As an interruption leaves it: one sent, two not reached; and somebody more whom the filter would find now.
    header, first, *others = outcome.read_text().splitlines()
    rest = [line.rpartition(",")[0] + ",not reached" for line in others]
    outcome.write_text("\n".join([header, first, *rest]) + "\n")
    certpath.starter("import", str(candidates(tmp_path / "more.csv", "M2", 4)))
    ended = certpath.starter(*act, "--outcome", str(outcome), "--json")
    assert "2 open candidacies left of 3" in ended.err
    assert ended.document["rows"] == 3
    assert ended.document["outcomes"] == {"taken": 1, "duplicate": 2}
    # An act begun with --again and interrupted goes on too, and is no third one.
    certpath.starter(*act, "--again", "--outcome", str(outcome))
    header, first, *others = begun_anew = outcome.read_text().splitlines()
    rest = [line.rpartition(",")[0] + ",not reached" for line in others]
    outcome.write_text("\n".join([header, first, *rest]) + "\n")
    certpath.starter(*act, "--again", "--outcome", str(outcome))
    ids = [line.split(",")[3] for line in outcome.read_text().splitlines()]
    assert ids == [line.split(",")[3] for line in begun_anew]


async def test_what_was_done_on_one_server_is_not_done_on_another(certpath: Engine, tmp_path: Path) -> None:
    act = ("message", "--query", "CandidateId STARTS_WITH 'S-'", "update_contact", '{"publish": true}', "--dry-run")
    async with engine(tmp_path, working=False) as another:
        names = {one.starter(*act, "--json").document["outcome_file"] for one in (certpath, another)}
    _remove(names)
    assert len(names) == 2


def _remove(names: set[str]) -> None:
    """What stands in the checkout's own var/, because no other place was named."""
    for name in names:
        Path(name).unlink()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("withdraw", "{}"), "Say for whom"),
        (("--designation", "CCZZ", "withdraw", "{}"), "CCZZ"),
        (("--designation", "CCSL", "withdrawn", "{}"), "did you mean withdraw"),
        (("--status", "withdrawn", "withdraw", "{}"), "a closed candidacy takes no messages"),
        (("--designation", "CCSL", "withdraw", "{"), "not JSON"),
        (("--designation", "CCSL", "withdraw", '{"why": 1}'), "why: is not a field"),
        (("--query", "CandidateId LIKES 'x'", "withdraw", "{}"), "list filter"),
        (("--designation", "CCSL", "withdraw", "@/nowhere.json"), "/nowhere.json"),
    ],
)
def test_what_cannot_be_meant_is_code_2_and_sends_nothing(
    certpath: Engine, arguments: tuple[str, ...], told: str
) -> None:
    ended = certpath.starter("message", *arguments, "--yes")
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err


async def test_nobody_found_is_done(certpath: Engine, tmp_path: Path) -> None:
    act = ("message", "--query", "CandidateId = 'nobody'", "withdraw", "{}", "--json")
    ended = certpath.starter(*act, "--outcome", str(tmp_path / "m.csv"))
    assert ended.code == 0
    assert ended.document["rows"] == 0
