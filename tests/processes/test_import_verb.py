"""`import` as operations use it: the same file twice, bad rows, closed candidacies, and output that nobody reads."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.embedded import EmbeddedServer
from runtime.settings import ROOT
from tests.processes.bulk import candidates, kinds, outcomes, purchased, runs
from tests.processes.engine import Engine
from tests.processes.here import engine_here
from tests.processes.messages import instant, workflow_id
from tests.processes.programs import surroundings
from tests.waiting import PATIENCE


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("import"), embedded) as running:
        yield running


async def test_a_file_is_enrolled_once_however_often_it_is_given(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I1", 12)
    dry = certpath.starter("import", str(file), "--dry-run")
    assert dry.code == 0, dry.err
    assert set(outcomes(tmp_path / "people.dry-run.csv")) == {"would be registered"}
    assert certpath.starter("status", "I1-0", "CCMA").code == 1

    first = certpath.starter("import", str(file), "--json")
    assert first.code == 0, first.err
    assert first.document == {
        "rows": 12,
        "outcomes": {"registered": 12},
        "known_before": 0,
        "outcome_file": str(tmp_path / "people.outcome.csv"),
        "finished": True,
    }
    again = certpath.starter("import", str(file))
    assert (again.code, again.out) == (0, "")
    assert set(outcomes(tmp_path / "people.outcome.csv")) == {"already enrolled"}
    started = await runs(certpath, "I1", 12)
    assert len(started) == started.total() == 12
    # The same list, after a spreadsheet has made other ids of it.
    other = candidates(tmp_path / "other.csv", "i01", 2)
    doubted = certpath.starter("import", str(other))
    assert doubted.code == 2
    assert "row 2: i01-0 looks like I1-0" in doubted.err
    await purchased(certpath, "I1-3", "CCMA")


@pytest.mark.parametrize("both", [True, False])
def test_an_act_that_nobody_listens_to_goes_on_and_ends_with_its_own_code(
    certpath: Engine, tmp_path: Path, both: bool
) -> None:
    """`starter.py import people.csv 2>&1 | logger`, and the logger has ended."""
    prefix = f"I9{both:d}"
    file = candidates(tmp_path / "people.csv", prefix, 3)
    with file.open("a") as more:
        more.write(f"{prefix}-9,Bob,bob@example.org,CCMA,INV-{prefix}-9,2019-01-01\r\n")
    command = [sys.executable, "starter.py", "import", str(file), "--json"]

    def ended() -> int:
        read, write = os.pipe()
        os.close(read)
        try:
            environment = surroundings(certpath.place, {})
            stderr = write if both else subprocess.DEVNULL
            return subprocess.run(
                command, cwd=ROOT, env=environment, stdout=write, stderr=stderr, timeout=PATIENCE, check=False
            ).returncode
        finally:
            os.close(write)

    assert ended() == 1, "one of them is refused, whoever reads that"
    assert kinds(tmp_path / "people.outcome.csv") == {"registered": 3, "refused": 1}
    file.write_text("\n".join(file.read_text().splitlines()[:-1]))
    assert ended() == 0
    assert kinds(tmp_path / "people.outcome.csv") == {"already enrolled": 3}


async def test_a_bad_row_starts_nothing_unless_it_is_to_be_left_out(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I2", 3)
    with file.open("a") as more:
        more.write("I2-9,Bob,no-address,CCMA,INV-9,31/02/2027\r\nI2-1,Ana,a@b.de,CCMA,,\r\n")
    refused = certpath.starter("import", str(file), "--json")
    assert refused.code == 2
    found = {(one["row"], one["column"]) for one in refused.document["error"]["problems"]}
    assert found == {(5, "email"), (5, "purchased_at"), (6, "candidate_id")}
    for told in (
        "row 5, I2-9, email",
        "row 5, I2-9, purchased_at",
        "31/02/2027",
        "row 6, I2-1, candidate_id",
        "nothing was",
    ):
        assert told in refused.err
    assert certpath.starter("status", "I2-0", "CCMA").code == 1

    taken = certpath.starter("import", str(file), "--skip-bad")
    assert taken.code == 1
    assert kinds(tmp_path / "people.outcome.csv") == {"registered": 3, "bad": 2}
    assert len(await runs(certpath, "I2", 3)) == 3


async def test_a_closed_candidacy_is_opened_again_once_and_only_when_asked_to(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I3", 1)
    outcome = tmp_path / "people.outcome.csv"

    async def withdraw() -> None:
        handle = certpath.handle("I3-0", "CCMA")
        await handle.execute_update("withdraw", {})
        await handle.result()  # its workflow ends when its notices are sent

    certpath.starter("import", str(file))
    await withdraw()
    assert certpath.starter("import", str(file)).code == 1
    (told,) = outcomes(outcome)
    assert told.startswith("refused: the candidacy is closed (withdrawn)")
    assert "--re-enrol" in told

    assert certpath.starter("import", str(file), "--re-enrol").code == 0
    assert outcomes(outcome) == ["registered"]
    await withdraw()
    # The same command again and again, as after interruptions: what it has opened is not opened a second time.
    for _ in range(2):
        assert certpath.starter("import", str(file), "--re-enrol").code == 1
        assert "an earlier run of this command" in outcomes(outcome)[0]
    dry = certpath.starter("import", str(file), "--re-enrol", "--dry-run", "--json")
    assert dry.document["outcomes"] == {"refused": 1}
    assert await runs(certpath, "I3", 1) == {workflow_id("I3-0", "CCMA"): 2}
    fresh = certpath.starter("import", str(file), "--re-enrol", "--outcome", str(tmp_path / "next-year.csv"))
    assert fresh.code == 0


async def test_a_purchase_whose_window_is_over_enrols_nobody(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I7", 1)
    file.write_text(file.read_text().replace(instant(60), instant(1000)))
    for more in ((), ("--dry-run",)):
        ended = certpath.starter("import", str(file), "--json", *more)
        assert (ended.code, ended.document["outcomes"]) == (1, {"refused": 1})
    assert "had to be completed by" in outcomes(tmp_path / "people.outcome.csv")[0]
    assert certpath.starter("status", "I7-0", "CCMA").code == 1


async def test_somebody_enrolled_with_other_data_is_refused_with_the_reason(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I4", 1)
    certpath.starter("import", str(file))
    file.write_text(file.read_text().replace("Ana Ruiz", "Ben Okafor"))
    ended = certpath.starter("import", str(file))
    assert ended.code == 1
    (told,) = outcomes(tmp_path / "people.outcome.csv")
    assert told.startswith("refused: ")
    assert "other data" in told
    assert "Okafor" not in told
