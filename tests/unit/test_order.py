"""The order in which files are handed out has every file, names none that is gone, and mixes both kinds."""

from tests.order import COMPUTING, FOLDER, LONGEST, WAITING, in_order

FILES = [*FOLDER.rglob("test_*.py")]
NAMES = [str(file.relative_to(FOLDER)) for file in in_order(FILES)]


def test_every_file_is_handed_out_once_and_of_those_that_wait_the_longest_first() -> None:
    assert len(NAMES) == len(FILES)
    assert {*NAMES} == {str(file.relative_to(FOLDER)) for file in FILES}
    waiting = [name for name in NAMES if name.partition("/")[0] in WAITING]
    assert tuple(waiting[: len(LONGEST)]) == LONGEST


def test_every_folder_of_tests_is_of_one_kind() -> None:
    assert not {*WAITING} & {*COMPUTING}
    assert {name.partition("/")[0] for name in NAMES} == {*WAITING, *COMPUTING}


def test_files_that_wait_and_files_that_compute_take_turns_until_a_few_short_ones_are_left() -> None:
    kinds = ["w" if name.partition("/")[0] in WAITING else "c" for name in NAMES]
    written = "".join(kinds)
    assert "www" not in written
    assert written.index("c") < 3
    assert "w" not in written[-5:]


def test_files_of_one_folder_alone_come_by_their_names() -> None:
    unit = [file for file in FILES if file.is_relative_to(FOLDER / "unit")]
    assert in_order([*unit, *unit]) == sorted(unit)
