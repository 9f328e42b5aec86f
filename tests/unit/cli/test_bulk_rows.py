"""What the bulk verbs say about bad rows, and what Ctrl-C does to them."""

import asyncio
import io
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli import exits
from cli.bulk import carrying, rows
from cli.bulk.rows import Choice
from client.bulk.act import BadRow
from client.bulk.enrolling import Alike, Person
from client.candidacy import Candidacy
from client.enrolment import Enrolment
from client.pool import Stopping
from feeds import dates, explain, registrations
from feeds.checking import Doubt, DoubtKind, Sheet, Vocabulary
from feeds.sources import Source
from feeds.table import Problem, finding
from runtime import interrupts
from tests.waiting import eventually

NOTHING = Choice()
SKIP = Choice(skip_bad=True)


def refused(sheet: Sheet[Any], choice: Choice = NOTHING) -> exits.BadInput:
    with pytest.raises(exits.BadInput) as stop:
        rows.without_bad(sheet, "c.csv", choice)
    return stop.value


def test_bad_rows_start_nothing_unless_they_are_to_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [
        Problem(3, "name", "is empty", "C-3"),
        Problem(3, "email", "has no @", "C-3"),
        Problem(7, None, "is too long"),
    ]
    sheet: Sheet[Any] = Sheet([], problems, 9, ("notes", "problem"))
    stop = refused(sheet)
    assert stop.notes == tuple(map(str, problems))
    assert len(stop.facts["problems"]) == 3
    assert rows.without_bad(sheet, "c.csv", SKIP) == {
        3: BadRow("C-3", "name: is empty; email: has no @"),
        7: BadRow("", "is too long"),
    }
    told = capsys.readouterr().err
    assert "2 of 9 rows of c.csv are bad and left out" in told
    assert "'notes'" in told
    assert "'problem'" not in told, "the column of --bad-rows is known"


def test_many_faults_of_one_kind_are_one_line_with_their_number_and_the_first_rows() -> None:
    comma = [Problem(row, "percentage", explain.number(f"{row},5", ""), f"C-{row}") for row in range(2, 40)]
    empty = [Problem(row, "name", "is empty: fill it in", None) for row in (4, 5, 6, 7)]
    few = [Problem(row, "email", "is no e-mail address", f"C-{row}") for row in (8, 9, 10)]
    problems = sorted(comma + empty + few)
    assert rows.in_lines(problems) == [
        'rows 2 (C-2), 3 (C-3), 4 (C-4) and 35 more, percentage: for example "2,5": write 2.5 (a point, not a comma)',
        "rows 4, 5, 6 and 1 more, name: is empty: fill it in",
        *map(str, few),
    ]
    assert len(refused(Sheet([], problems, 40, ())).facts["problems"]) == len(problems), "--json has all of them"


def test_days_with_the_year_last_are_answered_with_the_flag_that_reads_them() -> None:
    told = rows.in_lines([Problem(2, "started_on", dates.day("03/04/2026", ""))])
    assert told[-1] == "If every date of the file has the same order, --dates dmy or --dates mdy reads them."
    assert len(rows.in_lines([Problem(2, "started_on", dates.day("03/04/26", ""))])) == 2
    problem = Problem(2, "started_on", dates.day("03/04/99", ""))
    assert refused(Sheet([], [problem], 1, ()), Choice(ordered=True)).notes == (str(problem),), "it was given"
    assert len(rows.in_lines([Problem(2, "started_on", dates.day("3 Apr 26", ""))])) == 1


def test_rows_that_look_alike_start_nothing_until_somebody_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    doubts = [Doubt(DoubtKind.LOOKALIKE, (2, row), finding("C-2 and C-{} look alike", row)) for row in range(3, 9)]
    fractions = Doubt(DoubtKind.FRACTIONS, (2, 3, 4, 5), finding("they may be fractions"))
    sheet: Sheet[Any] = Sheet([], [], 9, (), (*doubts, fractions))
    stop = refused(sheet)
    assert stop.sentence == "Some rows of c.csv may not be what was meant, so nothing was started:"
    assert stop.notes == (
        "rows 2, 3: C-2 and C-3 look alike",
        "rows 2, 4: C-2 and C-4 look alike",
        "rows 2, 5: C-2 and C-5 look alike",
        "and 3 more like these: see --json",
        "If they are really different, add --allow-lookalikes.",
        "rows 2, 3, 4 and 1 more: they may be fractions",
        "Say --fractions if they are, or --percent if they are percentages.",
    )
    assert len(stop.facts["doubts"]) == 7
    assert [doubt["kind"] for doubt in refused(sheet, Choice(sure={DoubtKind.LOOKALIKE})).facts["doubts"]] == [
        "fractions"
    ]
    assert rows.without_bad(sheet, "c.csv", Choice(sure=set(DoubtKind))) == {}
    told = capsys.readouterr().err
    assert "Noted: rows 2, 3: C-2 and C-3 look alike" in told
    assert "--allow-lookalikes" not in told, "it was given"
    assert "--fractions" not in told, "it was given"


def looks_like(row: int) -> Person:
    return Person(row, Enrolment(Candidacy(f"c-{row}", "CCMA"), b"{}", "", "a@example.org", None, None))


def test_candidates_who_may_be_enrolled_under_another_id_are_named() -> None:
    rows.refuse_alike([])
    found = [Alike(looks_like(row), f"C-{row}") for row in (5, 4, 3, 2)]
    with pytest.raises(exits.BadInput) as stop:
        rows.refuse_alike(found)
    assert stop.value.notes == (
        "row 2: c-2 looks like C-2",
        "row 3: c-3 looks like C-3",
        "row 4: c-4 looks like C-4",
        "and 1 more like these: see --json",
        "If these are different people, add --allow-lookalikes.",
    )
    assert [doubt["rows"] for doubt in stop.value.facts["doubts"]] == [[2], [3], [4], [5]]


def test_bad_rows_and_doubts_are_said_together() -> None:
    doubt = Doubt(DoubtKind.LOOKALIKE, (2, 3), finding("C-2 and c-2 look alike"))
    sheet: Sheet[Any] = Sheet([], [Problem(4, "name", "is empty", "C-4")], 3, (), (doubt,))
    stop = refused(sheet)
    assert stop.notes[:2] == ("row 4, C-4, name: is empty", "rows 2, 3: C-2 and c-2 look alike")
    assert refused(sheet, SKIP).facts.keys() == {"doubts"}


def test_the_bad_rows_are_written_to_a_new_file_of_their_own(tmp_path: Path) -> None:
    source = Source("standard input", io.BytesIO(b"candidate_id,name,email,designation\nC-1,,a@example.org,CCSL\n"))
    sheet = registrations.read(source, Vocabulary({}, {}), datetime.now(UTC))
    path = tmp_path / "bad.csv"
    stop = refused(sheet, Choice(write_bad=path))
    assert stop.notes[-1] == f"The bad rows stand in {path}: mend them there, and give it to the same command."
    assert path.read_text().splitlines()[1].startswith("C-1,,a@example.org,CCSL,")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "is there already: name another file" in refused(sheet, Choice(write_bad=path)).sentence
    assert "cannot be written" in refused(sheet, Choice(write_bad=tmp_path / "none" / "bad.csv")).sentence
    other = tmp_path / "good.csv"
    assert rows.without_bad(Sheet([], [], 0, ()), "c.csv", Choice(write_bad=other)) == {}
    assert not other.exists()


@pytest.mark.parametrize(("source", "whole"), [("c.csv", "c.csv"), ("-", "the input")])
def test_the_bad_rows_alone_are_not_the_whole_file_where_nothing_was_started(
    source: str, whole: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    problem = Problem(3, "name", "is empty", "C-3")
    doubt = Doubt(DoubtKind.LOOKALIKE, (2, 4), finding("C-2 and c-2 look alike"))
    told = (
        f"The bad rows stand in {path}. Nothing was started, the good rows neither. Run the command again with "
        f"--skip-bad and without --bad-rows, then give it the mended {path}; or mend {whole} itself."
    )
    for doubts, skip_bad in (((), False), ((doubt,), True)):
        with pytest.raises(exits.BadInput) as stop:
            rows.without_bad(Sheet([], [problem], 3, (), doubts), source, Choice(skip_bad, path))
        assert stop.value.notes[-1] == told
        path.unlink()
    rows.without_bad(Sheet([], [problem], 3, ()), source, Choice(skip_bad=True, write_bad=path))
    assert f"{path}: mend them there, and give it to the same command." in capsys.readouterr().err


async def test_every_signal_asks_to_stop_and_the_first_one_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = Stopping()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # A signal that was ignored stays ignored, as under nohup or in the background of a shell: the tests may run there.
    before = {number: signal.signal(number, signal.SIG_DFL) for number in signals}
    try:
        with interrupts.Calling(asyncio.get_running_loop(), lambda: carrying.ask_to_stop(stopping)):
            sent: list[int] = []
            for number in signals:
                os.kill(os.getpid(), number)
                sent.append(number)
                await eventually(lambda: stopping.times == len(sent))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err.count("Stopping: ") == 1


async def test_the_handlers_of_before_are_there_again_and_what_nohup_ignores_stays_ignored() -> None:
    def ours(*_: object) -> None:
        """Nothing."""

    before = {number: signal.signal(number, ours) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stopping = Stopping()
    try:
        with interrupts.Calling(asyncio.get_running_loop(), stopping.ask):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.01)
        assert stopping.times == 0
        assert signal.getsignal(signal.SIGINT) is ours
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_outside_the_main_thread_no_handler_is_touched() -> None:
    before = signal.getsignal(signal.SIGINT)
    found = []

    async def inside() -> None:
        assert threading.current_thread() is not threading.main_thread()
        with interrupts.Calling(asyncio.get_running_loop(), lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    await asyncio.to_thread(asyncio.run, inside())
    assert found == [before]
