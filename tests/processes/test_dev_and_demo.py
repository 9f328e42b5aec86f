"""The two verbs that bring servers of their own: `dev` keeps everything, `demo` leaves nothing."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.builds import code_fingerprint
from runtime.clients import connect_at
from runtime.development import DEFAULT_DB, record_beside
from runtime.embedded import free_port
from runtime.kept_database import beside
from runtime.namespaces import retention_of
from runtime.settings import ROOT, Settings
from tests.processes.programs import NOBODY, Place, run, run_here, surroundings
from tests.waiting import PATIENCE, eventually, runs

STARTER = str(ROOT / "starter.py")

STANDING = {
    ("A-101 Ana Ruiz", "CCMA"): "superseded",
    ("A-101 Ana Ruiz", "CCOM"): "certified",
    ("A-102 Ben Okafor", "CCMA"): "testing",
    ("A-103 Chloé Martin", "CCMA"): "certified",
    ("A-104 Diego Sousa", "CCMA"): "awaiting_purchase",
    ("A-105 Emi Tanaka", "CCMA"): "withdrawn",
    ("A-106 Farid Haddad", "CCMA"): "certified",
    ("B-201 Grace Lindqvist", "CCOM"): "certified",
    ("B-202 Hugo Weber", "CCOM"): "awaiting_experience",
    ("B-203 Inês Costa", "CCOM"): "awaiting_review",
    ("B-204 Jonas Meyer", "CCOM"): "testing",
    ("C-301 Noah Fischer", "CCMC"): "suspended",
    ("C-302 Olga Petrova", "CCMC"): "certified",
    ("C-303 Pedro Alves", "CCMC"): "settling",
    ("C-305 Rosa Marino", "CCMC"): "revoked",
    ("C-306 Sven Larsen", "CCMC"): "certified",
    ("C-306 Sven Larsen", "CCSL"): "testing",
    ("D-401 Tara Singh", "CCSL"): "certified",
    ("D-402 Uwe Schmidt", "CCSL"): "testing",
}
"""What the rules make of the examples, whatever day it is."""

HELD = {"A-103", "A-104", "B-206", "C-304", "D-405"}


def test_the_demo_tells_the_whole_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run([sys.executable, STARTER, "demo"], NOBODY, TMPDIR=str(tmp_path))
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert left_in(tmp_path) == []
    rows = [re.split(r" {2,}", line) for line in done.out.splitlines()]
    stands = {(row[0], row[1]): row[2] for row in rows if len(row) >= 4}
    assert {key: stands.get(key) for key in STANDING} == STANDING
    held = {row[0].split()[0] for row in rows if any("held-result" in cell for cell in row)}
    assert held == HELD
    assert re.search(r"L-1 for CCSL, .*: 1[34]\.\d years, now expired", done.out)
    assert re.search(r"L-2 for CCOM, .* now timed_out", done.out)
    assert re.search(r"L-3 for CCMA, .* now withdrawn", done.out)
    assert [row[2] for row in rows if len(row) == 4].count("Recertified") == 5


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def demo_in(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, STARTER, "demo"],
        env=surroundings(NOBODY, {"TMPDIR": str(folder)}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
async def test_a_demo_that_is_stopped_leaves_nothing_behind_either(tmp_path: Path, asked: signal.Signals) -> None:
    with demo_in(tmp_path) as demo:
        await eventually(lambda: any(tmp_path.rglob("temporal.log")))
        demo.send_signal(asked)
        _, err = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 130
    assert "Traceback" not in err
    assert left_in(tmp_path) == []


async def test_dev_keeps_what_happened_says_where_it_is_and_refuses_what_belongs_to_other_code(tmp_path: Path) -> None:
    port, ui_port, db = free_port(), free_port(), tmp_path / "dev.db"
    address, record = f"127.0.0.1:{port}", f"sqlite:///{tmp_path / 'dev.record.db'}"
    there = Place(address)
    command = (sys.executable, STARTER, "dev", "--port", str(port), "--ui-port", str(ui_port), "--db", str(db))
    ana = ("--candidate", "C-1", "--name", "Ana", "--email", "a@b.c", "--designation", "CCMA")
    around = {
        "CERTPATH_OUTBOX": str(tmp_path / "outbox"),
        "CERTPATH_RECORD_URL": "",  # as if it were not set
        # The developer works on builds in this shell. The worker of dev has none all the same.
        "TEMPORAL_DEPLOYMENT_NAME": "certpath",
        "TEMPORAL_WORKER_BUILD_ID": "v1",
        # The one that is killed cannot remove its temporary folder.
        "TMPDIR": str(tmp_path),
    }

    def dev(*flags: str) -> "subprocess.Popen[str]":
        # The operator's own Temporal is another one: dev is not to work for it.
        environment = surroundings(NOBODY, around)
        return subprocess.Popen([*command, *flags], env=environment, stderr=subprocess.PIPE, text=True)

    def status() -> int:
        return run_here(["status", "C-1", "CCMA"], there).code

    with dev() as first:
        await eventually(lambda: run_here(["register", *ana], there).code == 0)
        await eventually(lambda: status() == 0)
        await eventually(lambda: candidates(record) == ["C-1"])
        retention = await retention_of(await connect_at(address))
        assert retention
        assert retention.days > 365, "a candidacy that has closed may still be looked at tomorrow"
        second = run(command, NOBODY)
        assert second.code == 3
        assert re.search(rf"Port {port} is in use by process (\d+) \(.*temporal.*\): end it with `kill \1`", second.err)
        first.send_signal(signal.SIGINT)
        _, told = first.communicate(timeout=PATIENCE)
        assert first.returncode == 0, told
        assert "candidacies wait" not in told
    assert address in told
    assert f"http://127.0.0.1:{ui_port}" in told
    assert f"export TEMPORAL_ADDRESS={address} CERTPATH_RECORD_URL={record}" in told

    beside(db).write_text("the fingerprint of other code\n")
    refused = run(command, NOBODY, stdin=b"", **around)
    assert (refused.code, refused.out) == (2, "")
    assert re.search(rf"1 open candidacy in {db} belongs to other code than this.*--anyway", refused.err)
    assert "Traceback" not in refused.err
    # The death of dev ends what it has started.
    with dev("--anyway") as killed:
        await eventually(lambda: status() == 0)
        assert beside(db).read_text().strip() == code_fingerprint()
        left = children(killed.pid)
        assert len(left) == 2, "the server and the worker"
        killed.kill()
    await eventually(lambda: not any(map(runs, left)))
    assert status() == 3
    assert modes(tmp_path, "dev.*") == {0o600}


def candidates(record: str) -> list[str]:
    """Who is in the record at this address, of which no Temporal is asked."""
    listed = run_here(["list", "--json"], NOBODY, CERTPATH_RECORD_URL=record)
    return [entry["candidate_id"] for entry in listed.document] if listed.code == 0 else []


def test_the_record_of_the_usual_database_is_the_usual_one_and_each_other_has_its_own(tmp_path: Path) -> None:
    assert record_beside(DEFAULT_DB) == Settings().record_url
    others = [record_beside(tmp_path / name) for name in ("a.db", "b.db", "temporal.db", "record.db")]
    assert len({*others, record_beside(DEFAULT_DB)}) == 5
    assert not {f"sqlite:///{tmp_path / name}" for name in ("a.db", "b.db", "temporal.db", "record.db")} & {*others}


def modes(folder: Path, pattern: str) -> set[int]:
    """The permissions of these files."""
    return {path.stat().st_mode & 0o777 for path in folder.glob(pattern)}


def children(pid: int) -> list[int]:
    """The processes that this one has started and that run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
