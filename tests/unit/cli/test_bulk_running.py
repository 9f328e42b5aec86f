"""Bulk acts without Temporal: the outcome file, the workers, and what a refusal means for one item."""

import argparse
import asyncio
import csv
import gc
import os
import signal
from pathlib import Path

import pytest
from temporalio.client import Client

from cli import exits
from cli.bulk import act, outcomes, running
from cli.bulk.outcomes import NOT_REACHED, Item, OutcomeFile
from feeds.checking import Sheet
from feeds.table import Problem
from runtime.embedded import embedded_server

COLUMNS = ("line", "candidate_id", "designation")
ITEMS = [Item(number, (f"C-{number}", "CCMA")) for number in (2, 3, 4)]


def lines(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_the_outcome_file_has_a_line_for_each_item_in_order_whatever_came_first(tmp_path: Path) -> None:
    file = OutcomeFile(tmp_path / "a" / "o.csv", COLUMNS, ITEMS)
    file.begin({3: "bad: name: is empty"})
    file.record(ITEMS[2], "refused: it is, as they say, too late")
    file.record(ITEMS[0], "failed: no answer")
    file.record(ITEMS[0], "registered")
    file.finish()
    assert lines(file.path) == [
        [*COLUMNS, "outcome"],
        ["2", "C-2", "CCMA", "registered"],
        ["3", "C-3", "CCMA", "bad: name: is empty"],
        ["4", "C-4", "CCMA", "refused: it is, as they say, too late"],
    ]
    assert file.counts == {"registered": 1, "bad": 1, "refused": 1}
    assert [item.number for item, _ in file.of("refused", "bad")] == [3, 4]
    assert list(file.path.parent.iterdir()) == [file.path], "nothing is left beside it"


def test_an_outcome_file_whose_writer_was_killed_tells_what_was_done(tmp_path: Path) -> None:
    file = OutcomeFile(tmp_path / "o.csv", COLUMNS, ITEMS)
    file.begin({})
    file.record(ITEMS[1], "registered")
    found = outcomes.read(file.path, COLUMNS)
    file.finish()  # only now: a killed one never comes here
    assert found == {
        ("2", "C-2", "CCMA"): NOT_REACHED,
        ("3", "C-3", "CCMA"): "registered",
        ("4", "C-4", "CCMA"): NOT_REACHED,
    }


@pytest.mark.parametrize("content", ["candidate_id,name\nC-1,Ana\n", "\x00\x01", "line\n"])
def test_no_file_of_somebody_elses_is_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "o.csv"
    path.write_text(content)
    with pytest.raises(exits.BadInput, match="--outcome"):
        OutcomeFile(path, COLUMNS, ITEMS).begin({})
    assert path.read_text() == content
    assert outcomes.read(path, COLUMNS) == {}


def test_what_is_no_file_is_not_replaced_and_a_link_stays_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(exits.BadInput, match="--outcome"):
        OutcomeFile(tmp_path / "pipe", COLUMNS, ITEMS).begin({})
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "o.csv")
    file = OutcomeFile(link, COLUMNS, ITEMS)
    file.begin({})
    file.finish()
    assert link.is_symlink()
    assert len(lines(tmp_path / "o.csv")) == 4


def test_an_outcome_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(exits.BadInput, match="cannot be written"):
        OutcomeFile(tmp_path / "file" / "o.csv", COLUMNS, ITEMS).begin({})


def test_what_an_earlier_run_has_found_out_stays_readable_until_this_one_comes_to_it(tmp_path: Path) -> None:
    for number in (1, 2):
        file = OutcomeFile(tmp_path / "o.csv", COLUMNS, ITEMS)
        file.begin({})
        file.record(ITEMS[number], "registered")
        file.finish()
    told = [line[-1] for line in lines(tmp_path / "o.csv")]
    assert told == ["outcome", NOT_REACHED, "not reached: an earlier run says registered", "registered"]
    assert file.counts == {NOT_REACHED: 2, "registered": 1}


def test_a_full_disk_is_told_in_a_sentence() -> None:
    file = OutcomeFile(Path("o.csv"), COLUMNS, ITEMS)
    full = file._file = Path("/dev/full").open("w")  # noqa: SIM115 - closed below, where it complains once more
    with pytest.raises(exits.Stop, match="cannot be written any more: No space"):
        file.record(ITEMS[0], "registered")
    with pytest.raises(OSError, match="No space"):
        full.close()


async def test_no_more_than_so_many_are_under_way_and_all_are_done() -> None:
    under_way, most, done = 0, 0, []

    async def work(number: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        done.append(number)

    assert await running.run(range(50), work, at_once=4)
    assert sorted(done) == list(range(50))
    assert most == 4
    assert await running.run([], work, at_once=4)


async def test_ctrl_c_stays_ctrl_c_whatever_fails_on_the_way_out() -> None:
    async def work(number: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.05)
        raise exits.Unreachable(f"gone {number}")

    assert not await running.run(range(1000), work, at_once=3)


async def test_the_first_of_many_failures_is_raised_and_none_is_left_untold() -> None:
    async def work(number: int) -> None:
        await asyncio.sleep(0.05 if number == 0 else 0)
        raise exits.Unreachable(f"gone {number}")

    with pytest.raises(exits.Unreachable, match="gone 1"):
        await running.run(range(1000), work, at_once=3)
    gc.collect()  # an exception that nobody has fetched would be complained about here, and so fail the test


async def test_the_handlers_of_before_are_there_again_and_what_nohup_ignores_stays_ignored() -> None:
    def ours(*_: object) -> None:
        """Nothing."""

    before = {number: signal.signal(number, ours) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    done: list[int] = []

    async def work(number: int) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        done.append(number)

    try:
        assert await running.run(range(3), work, at_once=1)
        assert done == [0, 1, 2]
        assert signal.getsignal(signal.SIGINT) is ours
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_a_failure_ends_the_act_when_what_is_under_way_is_done() -> None:
    done: list[int] = []
    gate = asyncio.Event()

    async def work(number: int) -> None:
        if number == 1:
            await asyncio.sleep(0)  # so that the third has begun
            gate.set()
            raise exits.Unreachable("gone")
        await gate.wait()
        await asyncio.sleep(0)
        done.append(number)

    with pytest.raises(exits.Unreachable):
        await running.run(range(1000), work, at_once=3)
    assert done == [0, 2]


@pytest.mark.parametrize("times", [1, 2])
async def test_ctrl_c_finishes_what_is_under_way_and_a_second_one_does_not_wait(times: int) -> None:
    done: list[int] = []
    go_on = asyncio.Event()

    async def work(number: int) -> None:
        if number == 0:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0.05)
            go_on.set()
        elif times == 2:
            await asyncio.Event().wait()
        await go_on.wait()
        done.append(number)

    assert not await running.run(range(1000), work, at_once=2)
    assert done == ([0, 1] if times == 1 else [])


@pytest.mark.parametrize(
    ("stop", "outcome"),
    [
        (exits.NotFound("no such one"), "unknown: no such one"),
        (exits.Closed("over"), "closed: over"),
        (exits.Refused("no"), "refused: no"),
        (exits.BadInput("mistakes:", ["name: is empty"]), "failed: mistakes: name: is empty"),
    ],
)
async def test_a_refusal_is_one_items(client: Client, stop: exits.Stop, outcome: str) -> None:
    assert await act.outcome_of(client, stop) == outcome


async def test_a_dead_server_or_no_worker_at_all_is_everybodys() -> None:
    # A server of its own: the shared one remembers the workers of other tests.
    async with embedded_server() as server:
        client = await server.client()
        for stop in (exits.Unreachable("gone"), exits.NoWorker("nobody")):
            with pytest.raises(type(stop)):
                await act.outcome_of(client, stop)


def test_two_files_never_share_an_outcome_file() -> None:
    args = argparse.Namespace(outcome=None, dry_run=False)
    names = ("a/feed.csv", "a/feed.jsonl", "a/feed.2026-11-01", "a/feed.2026-11-02", "feed.csv", "-")
    paths = {act.outcome_path(args, name, "results") for name in names}
    assert len(paths) == len(names)
    assert act.outcome_path(args, "a/feed.csv", "results") == Path("a/feed.outcome.csv")
    assert act.outcome_path(args, "-", "results") != act.outcome_path(args, "-", "import")


def test_bad_rows_start_nothing_unless_they_are_to_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem(3, "name", "is empty"), Problem(3, "email", "has no @"), Problem(7, None, "is too long")]
    sheet = Sheet([], problems, 9, ("notes",))
    with pytest.raises(exits.BadInput) as stop:
        act.without_bad_rows(sheet, "c.csv", skip=False)
    assert stop.value.notes == tuple(map(str, problems))
    assert len(stop.value.facts["problems"]) == 3
    by_line = act.without_bad_rows(sheet, "c.csv", skip=True)
    assert act.bad(by_line[3]) == "bad: name: is empty; email: has no @"
    assert act.bad(by_line[7]) == "bad: is too long"
    told = capsys.readouterr().err
    assert "2 of 9 rows of c.csv are bad and left out" in told
    assert "'notes'" in told
