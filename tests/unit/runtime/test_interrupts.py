"""Ctrl-C in work that is given up: it cleans up, and nothing of it is left."""

import ast
import subprocess
import sys

import pytest

from runtime import interrupts
from runtime.settings import ROOT
from tests.cases import each

WORK = """
import asyncio, os, signal, sys, time
from runtime import interrupts

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell has its background jobs ignore some
    signal.signal(number, signal.SIG_DFL)

def heard():
    os.kill(os.getpid(), {signal})

async def fails():
    try:
        heard()
        await asyncio.sleep(60)
    finally:
        raise ValueError("its server is gone")

async def awaits():
    try:
        asyncio.get_running_loop().call_later(0.01, heard)
        await asyncio.sleep(60)
    finally:
        heard()  # once more, while it cleans up
        await asyncio.sleep(0.01)
        print("cleaned up", flush=True)

async def groups():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(awaits())
            group.create_task(asyncio.sleep(60))
    finally:
        print("and the group", flush=True)

async def blocks():
    try:
        for _ in range(6000):
            try:
                heard()
                time.sleep(0.01)
            except Exception:
                pass
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up", flush=True)

async def is_done():
    heard()
    return 7

try:
    print(interrupts.run({work}(), busy={busy}))
except interrupts.Interrupted as error:
    print(error)
print([signal.getsignal(number) is signal.SIG_DFL for number in (signal.SIGTERM, signal.SIGHUP)])
"""
GIVEN_UP = ["cleaned up", "Interrupted."]


@each("number", ["signal.SIGINT", "signal.SIGTERM", "signal.SIGHUP"])
def test_each_signal_gives_the_work_up(number: str) -> None:
    assert what_is_left("awaits", number) == GIVEN_UP


@each(
    ("work", "busy", "told"),
    [
        ("awaits", True, GIVEN_UP),
        ("groups", False, ["cleaned up", "and the group", "Interrupted."]),
        ("fails", False, ["Interrupted."]),
        ("blocks", True, GIVEN_UP),
        ("is_done", False, ["Interrupted."]),
    ],
)
def test_whatever_the_work_does_it_cleans_up_and_is_interrupted(work: str, busy: bool, told: list[str]) -> None:
    assert what_is_left(work, "signal.SIGINT", busy=busy) == told


def what_is_left(work: str, number: str, *, busy: bool = False) -> list[str]:
    """What a process prints that gets this signal in this work. Afterwards the signals do what they did before."""
    program = WORK.replace("{signal}", number).replace("{work}", work).replace("{busy}", str(busy))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    *told, handlers = done.stdout.splitlines()
    assert handlers == "[True, True]"
    return told


def test_without_a_signal_the_work_has_its_result_and_its_errors() -> None:
    async def seven() -> int:
        return 7

    async def fails() -> None:
        raise ValueError("a defect")

    assert interrupts.run(seven()) == 7
    with pytest.raises(ValueError, match="a defect"):
        interrupts.run(fails())


@each("module", ["bench/__main__.py", "bench/memory.py", "chaos/__main__.py", "drill/__main__.py"])
def test_the_commands_beside_the_command_line_hear_ctrl_c_before_they_import_anything_else(module: str) -> None:
    statements = [one for one in ast.parse((ROOT / module).read_text()).body if not isinstance(one, ast.Expr)]
    first = [ast.unparse(one) for one in statements[:3]]
    assert first == [
        "from __future__ import annotations",
        "from runtime.interrupts import end_at_once",
        "if __name__ == '__main__':\n    end_at_once()",
    ]
    assert ast.unparse(statements[-1]) == "if __name__ == '__main__':\n    leave(main())"
