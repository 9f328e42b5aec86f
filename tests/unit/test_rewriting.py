"""Which files of tests a test process imports first: each file is the share of one process."""

from pathlib import Path

import pytest

from tests.order import FOLDER
from tests.rewriting import share

FILES = sorted(FOLDER.rglob("test_*.py"))


@pytest.mark.parametrize("processes", [1, 2, 6])
def test_each_file_is_in_the_share_of_one_process(processes: int) -> None:
    shares = [share([str(FOLDER)], number, processes) for number in range(processes)]
    assert sorted(file for files in shares for file in files) == FILES
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_file_and_a_test_in_it_are_given_by_their_names() -> None:
    assert share([str(FILES[0]), f"{FILES[1]}::test_one", str(FILES[0])], 0, 1) == FILES[:2]


def test_what_lies_outside_of_the_project_is_nobodys_share(tmp_path: Path) -> None:
    assert share([f"{tmp_path}/test_it.py"], 0, 1) == []
