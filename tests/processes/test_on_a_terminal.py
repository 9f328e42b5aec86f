"""The verbs that change something, at a terminal: the progress bar, the question before many messages, Ctrl-C."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.embedded import EmbeddedServer
from tests.processes.bulk import candidates
from tests.processes.engine import Engine
from tests.processes.here import drawn_here, engine_here
from tests.processes.messages import DOMAINS, instant
from tests.processes.terminal import Terminal
from tests.waiting import eventually


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("terminal"), embedded) as running:
        yield running


async def test_one_candidate_at_a_terminal(certpath: Engine) -> None:
    ended = drawn_here(["setup"], certpath.place)
    assert (ended.code, "registered already" in ended.out) == (0, True)
    person = ("--candidate", "T-0", "--name", "Ana Ruiz", "--email", "ana@example.org", "--designation", "CCMA")
    with Terminal(certpath.place, "register", *person, "--purchase-ref", "INV-1") as terminal:
        ended = await terminal.ended()
    assert ended.code == 0
    assert "registered, status testing" in " ".join(ended.out.split())
    ended = drawn_here(["send", "T-0", "CCMA", "suspend", '{"reason": "x", "by": "y"}'], certpath.place)
    assert ended.code == 1
    assert "refused" in ended.out


async def test_a_bar_shows_how_far_a_file_has_come_and_stays_off_stdout(certpath: Engine, tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "T1", 10)
    ended = drawn_here(["import", str(file)], certpath.place)
    assert ended.code == 0
    assert "10/10" in ended.out
    assert "Registering: 10 registered" in ended.out

    rows = [f"T1-{number},CCMA,R-1,{DOMAINS[0]},{instant(20)},90" for number in range(3)]
    feed = tmp_path / "feed.csv"
    feed.write_text("\n".join(["candidate_id,designation,result_id,domain,taken_at,percentage", *rows]) + "\n")
    ended = drawn_here(["results", str(feed), "--json"], certpath.place, piped=True)
    assert ended.code == 0
    assert ended.document["outcomes"] == {"taken": 3}


async def test_ctrl_c_typed_in_the_middle_of_an_import_leaves_a_whole_outcome_file(
    certpath: Engine, tmp_path: Path
) -> None:
    file = candidates(tmp_path / "people.csv", "T2", 100)
    outcome = tmp_path / "people.outcome.csv"
    with Terminal(certpath.place, "import", str(file), "--at-once", "1") as terminal:
        await eventually(lambda: outcome.exists() and ",registered" in outcome.read_text())
        terminal.type(b"\x03")
        ended = await terminal.ended()
    assert ended.code == 130
    assert "Traceback" not in ended.out
    lines = outcome.read_text().splitlines()
    assert len(lines) == 101
    assert lines[-1].endswith(",not reached")


async def test_many_messages_are_asked_about_and_only_a_yes_sends_them(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "T3", 2)))
    query = "CandidateId STARTS_WITH 'T3-'"

    async def both_seen() -> bool:
        return (await certpath.client.count_workflows(query)).count == 2

    await eventually(both_seen)
    act = ("message", "--query", query, "update_contact", '{"publish": true}', "--outcome", str(tmp_path / "m.csv"))
    question = "Send it to 2 open candidacies? [y/N] "
    with Terminal(certpath.place, *act, piped=True) as terminal:
        interrupted = await terminal.answer(question, b"\x03")
    assert (interrupted.code, "Traceback" in interrupted.err) == (130, False)
    assert not (tmp_path / "m.csv").exists()
    for keys, code in ((b"n\n", 1), (b"y\n", 0)):
        ended = drawn_here(act, certpath.place, keys=keys, piped=True)
        assert (ended.code, question in ended.err, "Traceback" in ended.err) == (code, True, False), keys
        assert (tmp_path / "m.csv").exists() is (code == 0), keys
    assert "2 taken" in ended.err
