"""The outcome file of a bulk act: written while things happen, read when the act is begun again."""

import csv
import os
from pathlib import Path

import pytest

from client.bulk import outcomes
from client.bulk.outcomes import NOT_REACHED, Item, Kind, Outcome, OutcomeFile
from client.errors import BadInput, OutcomeFileLost

COLUMNS = ("line", "candidate_id", "designation")
ITEMS = [Item(number, (f"C-{number}", "CCMA")) for number in (2, 3, 4)]
REGISTERED = Outcome(Kind.REGISTERED)


def lines(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


# --- one outcome


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (REGISTERED, "registered"),
        (Outcome(Kind.NOT_REACHED), "not reached"),
        (Outcome(Kind.REFUSED, "it is, as they say: too late"), "refused: it is, as they say: too late"),
        (Outcome(Kind.TAKEN, "AssessmentPassed, Certified"), "taken: AssessmentPassed, Certified"),
        (Outcome(Kind.TAKEN, ""), "taken: "),
        (Outcome(Kind.NOT_REACHED, "an earlier run says refused: no"), "not reached: an earlier run says refused: no"),
        (Outcome(Kind.FOREIGN, "done by hand: yes"), "done by hand: yes"),
        (Outcome(Kind.FOREIGN, "in other words"), "in other words"),
        (Outcome(Kind.FOREIGN, ""), ""),
    ],
)
def test_an_outcome_is_read_as_it_was_written(outcome: Outcome, text: str) -> None:
    assert str(outcome) == text
    assert Outcome.parse(text) == outcome


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FOREIGN])
@pytest.mark.parametrize("reason", [None, "a: b, c"])
def test_every_kind_is_known_again(kind: Kind, reason: str | None) -> None:
    assert Outcome.parse(str(Outcome(kind, reason))) == Outcome(kind, reason)


# --- the file


def test_the_outcome_file_has_a_line_for_each_item_in_order_whatever_came_first(tmp_path: Path) -> None:
    file = OutcomeFile(tmp_path / "a" / "o.csv", COLUMNS, ITEMS)
    file.begin({3: Outcome(Kind.BAD, "name: is empty")})
    file.record(ITEMS[2], Outcome(Kind.REFUSED, "it is, as they say, too late"))
    file.record(ITEMS[0], Outcome(Kind.FAILED, "no answer"))
    file.record(ITEMS[0], REGISTERED)
    file.finish()
    assert lines(file.path) == [
        [*COLUMNS, "outcome"],
        ["2", "C-2", "CCMA", "registered"],
        ["3", "C-3", "CCMA", "bad: name: is empty"],
        ["4", "C-4", "CCMA", "refused: it is, as they say, too late"],
    ]
    assert file.counts == {Kind.REGISTERED: 1, Kind.BAD: 1, Kind.REFUSED: 1}
    assert [item.number for item, _ in file.of({Kind.REFUSED, Kind.BAD})] == [3, 4]
    assert list(file.path.parent.iterdir()) == [file.path], "nothing is left beside it"


def test_an_outcome_file_whose_writer_was_killed_tells_what_was_done(tmp_path: Path) -> None:
    file = OutcomeFile(tmp_path / "o.csv", COLUMNS, ITEMS)
    file.begin({})
    file.record(ITEMS[1], REGISTERED)
    found = outcomes.read(file.path, COLUMNS)
    file.finish()  # only now: a killed one never comes here
    assert found == {
        ("2", "C-2", "CCMA"): NOT_REACHED,
        ("3", "C-3", "CCMA"): REGISTERED,
        ("4", "C-4", "CCMA"): NOT_REACHED,
    }


@pytest.mark.parametrize("content", ["candidate_id,name\nC-1,Ana\n", "\x00\x01", "line\n"])
def test_no_file_of_somebody_elses_is_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "o.csv"
    path.write_text(content)
    with pytest.raises(BadInput, match="--outcome"):
        OutcomeFile(path, COLUMNS, ITEMS).begin({})
    assert path.read_text() == content
    assert outcomes.read(path, COLUMNS) == {}


def test_what_is_no_file_is_not_replaced_and_a_link_stays_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="--outcome"):
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
    with pytest.raises(BadInput, match="cannot be written"):
        OutcomeFile(tmp_path / "file" / "o.csv", COLUMNS, ITEMS).begin({})


def test_what_an_earlier_run_has_found_out_stays_readable_until_this_one_comes_to_it(tmp_path: Path) -> None:
    for number in (1, 2):
        file = OutcomeFile(tmp_path / "o.csv", COLUMNS, ITEMS)
        file.begin({})
        file.record(ITEMS[number], REGISTERED)
        file.finish()
    told = [line[-1] for line in lines(tmp_path / "o.csv")]
    assert told == ["outcome", "not reached", "not reached: an earlier run says registered", "registered"]
    assert file.counts == {Kind.NOT_REACHED: 2, Kind.REGISTERED: 1}


def test_a_full_disk_is_told_in_a_sentence() -> None:
    file = OutcomeFile(Path("o.csv"), COLUMNS, ITEMS)
    full = file._file = Path("/dev/full").open("w")  # noqa: SIM115 - closed below, where it complains once more
    with pytest.raises(OutcomeFileLost, match="cannot be written any more: No space"):
        file.record(ITEMS[0], REGISTERED)
    with pytest.raises(OSError, match="No space"):
        full.close()


def test_two_files_never_share_an_outcome_file() -> None:
    names = ("a/feed.csv", "a/feed.jsonl", "a/feed.2026-11-01", "a/feed.2026-11-02", "feed.csv", "-")
    paths = {outcomes.beside(name, "results", dry_run=False) for name in names}
    assert len(paths) == len(names)
    assert outcomes.beside("a/feed.csv", "results", dry_run=False) == Path("a/feed.outcome.csv")
    assert outcomes.beside("a/feed.csv", "results", dry_run=True) == Path("a/feed.dry-run.csv")
    assert outcomes.beside("-", "results", dry_run=False) != outcomes.beside("-", "import", dry_run=False)
