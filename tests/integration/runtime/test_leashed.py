"""A process on a leash: it does not outlive its parent."""

import asyncio
import subprocess
import sys
from pathlib import Path

from runtime.leashed import leashed
from runtime.settings import ROOT
from tests.waiting import PATIENCE, eventually, runs


async def test_a_process_on_a_leash_ends_when_its_parent_is_killed() -> None:
    code = (
        "import subprocess, sys, time; from runtime.leashed import leashed; "
        "print(subprocess.Popen(leashed(['/bin/sleep', '600'])).pid, flush=True); time.sleep(600)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    await eventually(lambda: "sleep" in Path(f"/proc/{child}/comm").read_text())
    parent.kill()
    await parent.wait()
    await eventually(lambda: not runs(child))


def test_a_process_whose_parent_has_ended_already_does_not_begin(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    command = leashed(["/usr/bin/touch", str(mark)])
    command[4] = "1"  # the id of a process that is not the parent
    assert subprocess.run(command, timeout=PATIENCE, check=False).returncode == 1
    assert not mark.exists()
