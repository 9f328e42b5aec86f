"""The outcome file of a bulk act: written while things happen, read when the act is begun again."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest

from client.bulk import outcomes
from client.bulk.cells import guarded, unguarded
from client.bulk.outcome_file import OutcomeFile
from client.bulk.outcomes import NOT_REACHED, Files, Found, Item, Kind, Outcome, Style
from client.errors import BadInput, OutcomeFileLost
from tests.cases import each

COLUMNS = ("row", "candidate_id", "designation")
ITEMS = [Item(number, (f"C-{number}", "CCMA")) for number in (2, 3, 4)]
REGISTERED = Outcome(Kind.REGISTERED)


def outcome_file(path: Path, items: list[Item] = ITEMS, **how: Any) -> OutcomeFile:
    return OutcomeFile(Files(path, **how), COLUMNS, items)


def lines(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


# --- one outcome


@each(
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


@each("kind", [kind for kind in Kind if kind is not Kind.FOREIGN])
@each("reason", [None, "a: b, c"])
def test_every_kind_is_known_again(kind: Kind, reason: str | None) -> None:
    assert Outcome.parse(str(Outcome(kind, reason))) == Outcome(kind, reason)


# --- the file


def test_the_outcome_file_has_a_line_for_each_item_in_order_whatever_came_first(tmp_path: Path) -> None:
    file = outcome_file(tmp_path / "a" / "o.csv")
    file.begin({3: Outcome(Kind.BAD, "name: is empty")})
    file.record(ITEMS[2], Outcome(Kind.REFUSED, "it is, as they say, too late"))
    file.record(ITEMS[0], Outcome(Kind.FAILED, "no answer"))
    file.record(ITEMS[0], REGISTERED)
    file.finish()
    assert lines(file.path) == [
        [*COLUMNS, "earlier", "outcome"],
        ["2", "C-2", "CCMA", "", "registered"],
        ["3", "C-3", "CCMA", "", "bad: name: is empty"],
        ["4", "C-4", "CCMA", "", "refused: it is, as they say, too late"],
    ]
    assert file.counts == {Kind.REGISTERED: 1, Kind.BAD: 1, Kind.REFUSED: 1}
    assert [item.number for item, _ in file.of({Kind.REFUSED, Kind.BAD})] == [3, 4]
    assert list(file.path.parent.iterdir()) == [file.path], "nothing is left beside it"


def test_an_outcome_file_whose_writer_was_killed_tells_what_was_done(tmp_path: Path) -> None:
    file = outcome_file(tmp_path / "o.csv")
    file.begin({})
    file.record(ITEMS[1], REGISTERED)
    found = outcomes.read(file.path, COLUMNS)
    file.finish()  # only now: a killed one never comes here
    assert found == {
        ("2", "C-2", "CCMA"): Found(NOT_REACHED),
        ("3", "C-3", "CCMA"): Found(REGISTERED),
        ("4", "C-4", "CCMA"): Found(NOT_REACHED),
    }


@pytest.mark.parametrize("compacted", [True, False])
@pytest.mark.parametrize("torn", ["", ",,", ",,fail", ",,taken: Zertifik\xc3", ",duplicate,taken"])
def test_of_a_line_that_was_not_written_to_its_end_nothing_is_believed(
    tmp_path: Path, torn: str, compacted: bool
) -> None:
    path = tmp_path / "o.csv"
    begun = [f"{item.number},{','.join(item.cells)},,not reached" for item in ITEMS]
    whole = [",".join([*COLUMNS, "earlier", "outcome"]), *(begun[:2] if compacted else begun)]
    path.write_bytes("".join(f"{line}\r\n" for line in whole).encode() + f"4,C-4,CCMA{torn}".encode("latin-1"))
    found = outcomes.read(path, COLUMNS)
    assert set(found.values()) == {Found(NOT_REACHED)}
    assert len(found) == (2 if compacted and not torn else 3)
    assert not outcomes.was_finished(path, COLUMNS)
    path.write_text(whole[0])
    assert outcomes.read(path, COLUMNS) == {}


@pytest.mark.parametrize("content", ["candidate_id,name\nC-1,Ana\n", "\x00\x01", "line\n"])
def test_no_file_of_somebody_elses_is_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "o.csv"
    path.write_text(content)
    with pytest.raises(BadInput, match="--outcome"):
        outcome_file(path).begin({})
    assert path.read_text() == content
    assert outcomes.read(path, COLUMNS) == {}


def test_what_is_no_file_is_not_replaced_and_a_link_stays_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="--outcome"):
        outcome_file(tmp_path / "pipe").begin({})
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "o.csv")
    file = outcome_file(link)
    file.begin({})
    file.finish()
    assert link.is_symlink()
    assert len(lines(tmp_path / "o.csv")) == 4


def test_an_outcome_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        outcome_file(tmp_path / "file" / "o.csv").begin({})


def test_two_runs_never_write_one_outcome_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    first, second = outcome_file(path), outcome_file(path)
    first.begin({})
    first.record(ITEMS[0], REGISTERED)
    for _ in range(2):
        with pytest.raises(BadInput, match=r"Another run is writing .*o\.csv: wait until it has ended"):
            second.begin({})
    other = outcome_file(tmp_path / "other.csv")
    other.begin({})
    other.finish()
    first.record(ITEMS[1], REGISTERED)
    first.finish()
    assert [line[-1] for line in lines(path)[1:]] == ["registered", "registered", "not reached"]

    second.begin({})
    with pytest.raises(BadInput, match="Another run"):
        first.begin({})
    assert second._file is not None
    second._file.close()  # it is killed
    first.begin({})
    first.finish()
    assert [line[-2:] for line in lines(path)[1:]] == [["registered", "not reached"]] * 2 + [["", "not reached"]]


def run(path: Path, *outcomes: Outcome, items: list[Item] = ITEMS, **how: Any) -> tuple[OutcomeFile, list[list[str]]]:
    """One run with these outcomes of the first items, and the earlier and the newest outcome of each."""
    file = outcome_file(path, items, **how)
    file.begin({})
    for item, outcome in zip(items, outcomes, strict=False):
        file.record(item, outcome)
    file.finish()
    with path.open(encoding="utf-8-sig", newline="") as written:
        return file, [row[-2:] for row in csv.reader(written, delimiter=how.get("style", Style()).delimiter)][1:]


def test_what_an_earlier_run_said_stands_beside_the_newest_outcome(tmp_path: Path) -> None:
    path, taken, duplicate = tmp_path / "o.csv", Outcome(Kind.TAKEN, "Certified"), Outcome(Kind.DUPLICATE)
    refused, failed = Outcome(Kind.REFUSED, "no"), Outcome(Kind.FAILED, "no answer")
    run(path, taken, refused, failed)
    _, second = run(path, duplicate, refused)
    assert second == [
        ["taken: Certified", "duplicate"],
        ["", "refused: no"],
        ["failed: no answer", "not reached"],
    ]
    _, third = run(path, duplicate, Outcome(Kind.REFUSED, "never"), taken)
    assert third == [
        ["taken: Certified", "duplicate"],
        ["refused: no", "refused: never"],
        ["failed: no answer", "taken: Certified"],
    ], "what was found before an interrupted run is not lost"


def test_a_row_is_known_again_by_what_it_is_about_where_rows_have_moved(tmp_path: Path) -> None:
    path, unknown = tmp_path / "o.csv", Outcome(Kind.UNKNOWN, "who?")
    run(path, unknown, unknown, Outcome(Kind.REFUSED, "no"))
    moved = [Item(item.number + 7, item.cells) for item in ITEMS] + [Item(20, ("C-9", "CCMA"))]
    file, _ = run(path, unknown, Outcome(Kind.CLOSED, "withdrawn"), Outcome(Kind.REFUSED, "no"), unknown, items=moved)
    assert [file.was_known(item) for item in moved] == [True, False, True, False]


def test_a_dry_run_has_a_file_of_its_own_and_remembers_the_other_runs(tmp_path: Path) -> None:
    unknown = Outcome(Kind.UNKNOWN, "who?")
    run(tmp_path / "o.csv", unknown, Outcome(Kind.FAILED, "no answer"), REGISTERED)
    would = Outcome(Kind.WOULD_BE_TAKEN, "Certified")
    file, found = run(tmp_path / "dry.csv", unknown, would, before=tmp_path / "o.csv")
    assert file.was_known(ITEMS[0])
    assert found[1] == ["failed: no answer", "would be taken: Certified"]
    assert lines(tmp_path / "o.csv")[2][-2:] == ["", "failed: no answer"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [False, True])
def test_the_outcome_file_is_written_as_its_input_is(tmp_path: Path, delimiter: str, mark: bool) -> None:
    path, style = tmp_path / "o.csv", Style(delimiter, mark)
    refused = Outcome(Kind.REFUSED, "it is, as they say; too\tlate | over")
    run(path, refused, style=style)
    text = path.read_bytes().decode()
    assert text.startswith(("\ufeff" if mark else "") + delimiter.join([*COLUMNS, "earlier", "outcome"]) + "\r\n")
    assert outcomes.read(path, COLUMNS)["2", "C-2", "CCMA"] == Found(refused)
    # The next input may be written in another way.
    _, found = run(path, REGISTERED, style=Style())
    assert found[0] == [str(refused), "registered"]


def test_an_outcome_file_of_an_older_build_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text("line,candidate_id,designation,outcome\n2,C-2,CCMA,registered\n")
    _, found = run(path, REGISTERED)
    assert found[0] == ["", "registered"]
    path.write_text("number,candidate_id,outcome\n1,C-1,taken: Withdrawn\n")
    assert outcomes.read(path, ("number", "candidate_id")) == {("1", "C-1"): Found(Outcome(Kind.TAKEN, "Withdrawn"))}


def test_a_full_disk_is_told_in_a_sentence() -> None:
    file = outcome_file(Path("o.csv"))
    full = file._file = Path("/dev/full").open("w")  # noqa: SIM115 - closed below, where it complains once more
    with pytest.raises(OutcomeFileLost, match="cannot be written any more: No space"):
        file.record(ITEMS[0], REGISTERED)
    with pytest.raises(OSError, match="No space"):
        full.close()


def test_two_files_never_share_an_outcome_file() -> None:
    names = ("a/feed.csv", "a/feed.jsonl", "a/feed.2026-11-01", "a/feed.2026-11-02", "feed.csv", "-")
    paths = {outcomes.beside(name, "results") for name in names}
    assert len(paths) == len(names)
    assert outcomes.beside("a/feed.csv", "results") == Path("a/feed.outcome.csv")
    assert outcomes.beside("-", "results") != outcomes.beside("-", "import")
    files = outcomes.files_of("a/feed.csv", "results", Style(), chosen=None, dry_run=True)
    assert (files.path, files.lasting) == (Path("a/feed.dry-run.csv"), Path("a/feed.outcome.csv"))


@each(("chosen", "dry"), [("x.csv", "x.dry-run.csv"), ("x.outcome.csv", "x.dry-run.csv"), ("x", "x.dry-run.csv")])
def test_a_dry_run_never_writes_the_file_that_is_kept_for_the_runs_that_do_something(chosen: str, dry: str) -> None:
    for run_of in ("a/feed.csv", "-"):
        files = outcomes.files_of(run_of, "results", Style(), chosen=Path(chosen), dry_run=True)
        assert (files.path, files.lasting) == (Path(dry), Path(chosen))
        files = outcomes.files_of(run_of, "results", Style(), chosen=Path(chosen), dry_run=False)
        assert (files.path, files.lasting) == (Path(chosen), Path(chosen))


# --- what a spreadsheet makes of it


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", " ＠x", "'=1", "''-1")


@each("cell", [*FORMULAS, "'", "it's", "", "C-1"])
def test_no_cell_is_a_formula_and_each_is_read_as_it_was(cell: str) -> None:
    written = guarded(cell)
    assert not written.lstrip(" ").startswith(("=", "+", "-", "@", "＝", "＠", "\t", "\r"))
    assert unguarded(written) == cell
    assert (written == cell) is (cell in ("'", "it's", "", "C-1"))


@each(
    ("cell", "shown"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("=1; @x;'-1", "'=1; '@x;''-1"),
        ("a; ＝cmd", "a; '＝cmd"),
        ('refused: no; "+1"', 'refused: no; "\'+1"'),
        ("a; b", "a; b"),
        ("a;'b", "a;'b"),
    ],
)
def test_no_cell_starts_a_formula_behind_a_semicolon_and_each_is_read_as_it_was(cell: str, shown: str) -> None:
    assert guarded(cell) == shown
    assert unguarded(shown) == cell


def test_an_outcome_file_of_hostile_ids_and_reasons_is_safe_to_open_and_is_read_again(tmp_path: Path) -> None:
    items = [Item(2, ("-1", "=HYPERLINK(A1)")), Item(3, ("'=x", "+CCMA")), Item(4, ("C-4", "\tCCMA"))]
    found = {2: Outcome(Kind.FOREIGN, "@evil"), 3: Outcome(Kind.REFUSED, "=no"), 4: REGISTERED}
    file = outcome_file(tmp_path / "o.csv", items)
    file.begin({2: found[2]})
    file.record(items[1], found[3])
    file.record(items[2], found[4])
    file.finish()
    cells = [cell for line in lines(file.path) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    again = outcomes.read(file.path, COLUMNS)
    assert again == {(str(item.number), *item.cells): Found(found[item.number]) for item in items}


def test_the_owner_alone_can_read_an_outcome_file(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.touch(0o644)
    file = outcome_file(path)
    file.begin({})
    assert path.stat().st_mode & 0o777 == 0o600
    file.record(ITEMS[0], REGISTERED)
    file.finish()
    assert path.stat().st_mode & 0o777 == 0o600
