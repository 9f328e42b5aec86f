"""Ctrl-C in a measurement: it ends as the command line does, and so do the processes that it has started."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from runtime.settings import ROOT
from tests.waiting import PATIENCE, eventually


async def test_a_bench_that_is_interrupted_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "bench.memory", "--candidacies", "2000", "--workers", "2")
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    bench = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=surroundings, start_new_session=True, stderr=asyncio.subprocess.PIPE
    )
    try:
        await eventually(lambda: len(_naming(f"{tmp_path}/", "bench.workers")) == 2)
        os.killpg(bench.pid, signal.SIGINT)  # as a terminal does it, which tells everyone
        async with asyncio.timeout(PATIENCE):
            _, written = await bench.communicate()
    finally:
        if bench.returncode is None:
            bench.kill()
            await bench.wait()
    err = written.decode()
    assert (bench.returncode, err.splitlines()[-1]) == (130, "Interrupted.")
    assert "Traceback" not in err
    assert _naming(f"{tmp_path}/") == []
    assert _in_folder(tmp_path) == []


def _in_folder(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _naming(*texts: str) -> list[str]:
    """The command lines of all processes that have these texts in them."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = one.read_text().replace("\0", " ")
        except OSError:  # it has ended meanwhile
            continue
        if all(text in line for text in texts):
            found.append(line)
    return found
