"""`erase`: a person goes from the record and from Temporal, where every candidacy of hers has ended."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from record.database import file_of, open_database, reading
from record.tables import METADATA
from runtime.embedded import EmbeddedServer
from runtime.settings import record_in
from tests.processes.engine import Engine, engine
from tests.processes.messages import NAME
from tests.processes.programs import Ended
from tests.record.commands import today
from tests.scheme import SCHEME_FILE
from tests.waiting import eventually

SAID = ("--by", "Kim Stone", "--reason", "asked for in writing")


# --- with workflows


@pytest_asyncio.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker whose scheme lets a person be erased as soon as everything has ended."""
    folder = tmp_path_factory.mktemp("erase")
    scheme = folder / "scheme.toml"
    text = SCHEME_FILE.read_text()
    at_once = text.replace("after_closing_months = 36", "after_closing_months = 0")
    assert at_once != text
    scheme.write_text(at_once)
    async with engine(folder, embedded, CERTPATH_SCHEME=str(scheme)) as running:
        yield running


def ended_well(ended: Ended) -> Ended:
    assert ended.code == 0, ended.err
    return ended


async def withdrawn(running: Engine, candidate: str, name: str = NAME) -> None:
    """A person who was enrolled, wrote something, and has withdrawn; nothing of hers runs any more."""
    handle = await running.enrol(candidate, name=name, email=f"{candidate}@example.org")
    ended_well(running.starter("withdraw", candidate, "CCSL", "--reason", f"{name} moves abroad", "--yes"))
    assert await handle.result() == "withdrawn"


async def test_nothing_of_the_person_is_left_and_the_facts_are(running: Engine) -> None:
    await withdrawn(running, "E-1")
    # This workflow fails, and was never a candidacy; but its history has the name and the address.
    invalid = await running.enrol("E-1", designation="CCMA", name=NAME, email="no address")
    with pytest.raises(Exception, match="failed"):
        await invalid.result()
    await eventually(lambda: _runs(running, "E-1", 2), "both runs in the visibility store")

    looked = ended_well(running.starter("erase", "E-1", *SAID, "--dry-run"))
    assert "certification:CCSL:E-1 (withdrawn): contact details 1, texts" in looked.out
    assert "histories in Temporal: 2" in looked.out
    assert NAME in everything(running)
    declined = running.starter("erase", "E-1", *SAID)
    assert (declined.code, "add --yes" in declined.err) == (2, True)

    erased = json.loads(ended_well(running.starter("erase", "E-1", *SAID, "--yes", "--json")).out)
    assert (erased["candidate_id"], erased["histories"], erased["dry_run"]) == ("E-1", 2, False)
    assert [one["standing"] for one in erased["enrolments"]] == ["allowed"]
    await eventually(lambda: _runs(running, "E-1", 0), "Temporal has deleted both")

    left = everything(running)
    assert [word for word in (NAME, "E-1@example.org", "moves abroad") if word in left] == []
    check = ended_well(running.starter("record", "check"))
    assert "no fault" in check.err
    status = json.loads(ended_well(running.starter("status", "E-1", "CCSL", "--json")).out)
    assert (status["name"], status["status"]) == ("(erased)", "withdrawn")
    assert status["erased_at"]
    timeline = ended_well(running.starter("timeline", "E-1", "CCSL"))
    assert "Name, addresses and texts erased by Kim Stone: asked for in writing" in timeline.out
    assert timeline.err.startswith("Temporal does not have this candidacy any more. This is from the record, up to")
    for ended in (timeline, running.starter("person", "E-1"), running.starter("list", "E-1"), check):
        assert NAME not in ended.out
    assert "(erased)" in running.starter("person", "E-1").out
    assert "(erased)" in running.starter("list", "E-1").out
    contact = running.starter("contact", "show", "E-1", "CCSL")
    assert (contact.code, "name and addresses were erased: see `person E-1`" in contact.err) == (1, True)
    assert NAME not in ended_well(running.starter("export")).out

    again = ended_well(running.starter("erase", "E-1", *SAID, "--yes"))
    assert "was erased before: nothing is left" in again.err


async def test_whoever_is_enrolled_again_is_asked_for_like_anybody(running: Engine) -> None:
    await withdrawn(running, "E-2")
    erased = ended_well(running.starter("erase", "E-2", *SAID, "--yes"))
    assert "Temporal deletes the histories within a minute" in erased.err
    person = ("--name", "Ana Vega", "--email", "vega@example.org", "--designation", "CCSL")
    refused = running.starter("register", "--candidate", "E-2", *person)
    assert (refused.code, "--re-enrol" in refused.err) == (1, True)
    ended_well(running.starter("register", "--candidate", "E-2", *person, "--re-enrol"))
    await eventually(lambda: _says(running, "E-2", "Ana Vega"), "the new enrolment is recorded")
    page = running.starter("person", "E-2").out
    assert NAME not in page
    kept = running.starter("erase", "E-2", *SAID, "--yes")
    assert (kept.code, "is open: only what has ended can be erased" in kept.err) == (1, True)


async def test_remains_in_the_file_are_told_and_go_with_the_same_command_again(running: Engine) -> None:
    name = "Ottoline Quennell"
    await withdrawn(running, "E-3", name)
    file = Path(file_of(record_in(running.folder)) or "")
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        told = running.starter("erase", "E-3", *SAID, "--yes")
        assert (told.code, "the file may have remains of it" in told.err) == (3, True)
        assert "is erased" not in told.err
        assert _in_the_files(file, name)
        reader.execute("COMMIT")
    await eventually(lambda: _runs(running, "E-3", 0), "Temporal has deleted the history all the same")
    looked = ended_well(running.starter("erase", "E-3", *SAID, "--dry-run"))
    assert "this was a dry run" in looked.err
    assert _in_the_files(file, name)
    again = ended_well(running.starter("erase", "E-3", *SAID))
    assert "was erased before: nothing is left" in again.err
    assert not _in_the_files(file, name)


def _in_the_files(file: Path, text: str) -> bool:
    """Whether the file of the record, or one of those beside it, has this text."""
    return any(text.encode() in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


async def _runs(running: Engine, candidate: str, number: int) -> bool:
    ids = ", ".join(f"'certification:{code}:{candidate}'" for code in ("CCSL", "CCMA"))
    return (await running.client.count_workflows(f"WorkflowId IN ({ids})")).count == number


async def _says(running: Engine, candidate: str, text: str) -> bool:
    return text in running.starter("person", candidate).out


def everything(running: Engine) -> str:
    """What the record has."""
    record = open_database(record_in(running.folder))
    try:
        with reading(record) as connection:
            rows = [str(tuple(row)) for table in METADATA.sorted_tables for row in connection.execute(table.select())]
    finally:
        record.dispose()
    return "\n".join(rows)


# --- without a worker


def erase(running: Engine, *arguments: str) -> Ended:
    with today(datetime(2090, 1, 1, tzinfo=UTC), "cli.verbs.erase"):
        return running.starter("erase", *arguments)


async def test_a_person_of_whom_a_workflow_runs_stays(forgetful: Engine) -> None:
    handle = await forgetful.enrol("C-1")
    refused = erase(forgetful, "C-1", *SAID, "--yes", "--json")
    assert refused.code == 1
    error = json.loads(refused.out)["error"]
    assert error["kind"] == "refused"
    assert "certification:CCSL:C-1" in error["message"]
    await handle.terminate()


def test_a_person_who_is_not_recorded_cannot_be_erased(forgetful: Engine) -> None:
    unknown = erase(forgetful, "X-9", *SAID, "--yes", "--json")
    assert (unknown.code, json.loads(unknown.out)["error"]["kind"]) == (1, "not-found")


def test_what_stays_on_the_timeline_is_checked_first(forgetful: Engine) -> None:
    wrong = erase(forgetful, "C-1", "--by", "", "--reason", "asked", "--yes")
    assert (wrong.code, "`by` must not be empty" in wrong.err) == (2, True)
