"""`./starter.py` and `./worker.py` start again in the checkout's .venv, but never there once more."""

import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from runtime.settings import ROOT
from tests.waiting import PATIENCE

# An interpreter that starts itself without end fails at the fifth time.
START = """
import os, sys
from runtime.venv import reexec

started = int(os.environ.get("STARTED", "0")) + 1
assert started < 5, "it starts itself without end"
os.environ["STARTED"] = str(started)
reexec()
"""


@pytest.mark.parametrize("linked", [True, False])
def test_a_venv_without_our_packages_says_what_to_do(tmp_path: Path, linked: bool) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "runtime").mkdir(parents=True)
    for name in ("__init__.py", "venv.py"):
        shutil.copy(ROOT / "runtime" / name, checkout / "runtime")
    (checkout / "start.py").write_text(START)
    beside = checkout / ".venv"
    made = tmp_path / "made" if linked else beside
    venv.create(made, with_pip=False)
    if linked:
        beside.symlink_to(made)
    # Not the interpreter of the tests, which has our packages.
    venv.create(tmp_path / "bare", with_pip=False)
    done = subprocess.run(
        [tmp_path / "bare" / "bin" / "python", "-E", "start.py"],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The Python packages are not installed: run `make setup` in {checkout} first.\n"
