"""The order in which files are handed out has every file, names none that is gone, and mixes both kinds."""

from itertools import pairwise

from tests.order import FOLDER, FOLDERS, WAITING, WORKING, in_order

FILES = [*FOLDER.rglob("test_*.py")]
NAMES = [file.relative_to(FOLDER).as_posix() for file in in_order(FILES)]


def test_every_file_is_handed_out_once_and_of_each_kind_the_longest_first() -> None:
    assert len(NAMES) == len(FILES)
    assert {*NAMES} == {file.relative_to(FOLDER).as_posix() for file in FILES}
    assert [name for name in NAMES if name in WAITING] == [*WAITING]
    assert [name for name in NAMES if name not in WAITING][: len(WORKING)] == [*WORKING]


def test_every_folder_of_tests_has_its_place_and_no_file_is_of_both_kinds() -> None:
    assert {name.partition("/")[0] for name in NAMES} == {*FOLDERS}
    assert not {*WAITING} & {*WORKING}


def test_files_that_wait_are_spread_over_the_run_until_a_few_short_ones_are_left() -> None:
    places = [place for place, name in enumerate(NAMES) if name in WAITING]
    assert places[0] == 0
    assert min(after - before for before, after in pairwise(places)) > 1
    assert not {*WAITING} & {*NAMES[-10:]}
    assert not {*WORKING} & {*NAMES[-10:]}


def test_files_of_one_folder_alone_come_by_length_and_name() -> None:
    unit = [file for file in FILES if file.is_relative_to(FOLDER / "unit")]
    longest = [FOLDER / name for name in WORKING if name.startswith("unit/")]
    assert in_order([*unit, *unit]) == [*longest, *sorted({*unit} - {*longest})]
