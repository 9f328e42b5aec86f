"""Rewrites each file of tests once in a fresh clone, and not in every test process.

Before pytest imports a file of tests, it rewrites the file's assertions, and keeps the outcome beside the file. Every
test process imports all files, in the same order and at the same time. So in a fresh clone each of them would rewrite
all files, which takes several seconds of its CPU. Here each process imports its share first, and finds the shares of
the others done when it comes to them.
"""

import importlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from runtime.settings import ROOT


def import_share(given: Iterable[str]) -> None:
    """Imports this process's share of the files of tests that were `given` to pytest on its command line.

    A file that cannot be imported is passed over here; pytest says why when it comes to it.
    """
    number, of = os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"), os.environ["PYTEST_XDIST_WORKER_COUNT"]
    for file in share(given, int(number), int(of)):
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def share(given: Iterable[str], number: int, of: int) -> list[Path]:
    """The files of tests that one of so many processes imports first; they are numbered from 0."""
    paths = [Path(one.partition("::")[0]).resolve() for one in given]
    found = {file for path in paths for file in (path.rglob("test_*.py") if path.is_dir() else [path])}
    return sorted(file for file in found if file.is_relative_to(ROOT))[number::of]
