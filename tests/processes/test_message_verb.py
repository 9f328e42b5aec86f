"""`message` as operations use it: one message for all that a filter finds, once, and interrupted."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.embedded import EmbeddedServer
from tests.processes.bulk import candidates, outcomes, purchased
from tests.processes.engine import Engine, engine
from tests.processes.here import engine_here
from tests.waiting import eventually

EXTENSION = {"until": "2029-03-01", "reason": "storm", "approved_by": "M. Reyes"}


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("message"), embedded) as running:
        yield running


async def test_one_message_goes_to_all_that_the_filter_finds_and_counts_once(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "M1", 5, "CCOM")))
    for number in range(5):
        status = await purchased(certpath, f"M1-{number}", "CCOM")
    until = status["testing_deadline"]
    act = ("message", "--designation", "CCOM", "--query", "CandidateId STARTS_WITH 'M1-'", "extend_deadline")
    payload = json.dumps({**EXTENSION, "until": _days_after(until, 40)})
    outcome = tmp_path / "m.csv"

    unasked = certpath.starter(*act, payload, "--outcome", str(outcome))
    assert unasked.code == 2
    assert "5 open candidacies: 5 CCOM" in unasked.err
    assert "--yes" in unasked.err
    dry = certpath.starter(*act, payload, "--dry-run", "--json", "--outcome", str(tmp_path / "dry.csv"))
    assert dry.document["outcomes"] == {"would be taken": 5}
    late = json.dumps({**EXTENSION, "until": _days_after(until, -40)})
    dry = certpath.starter(*act, late, "--dry-run", "--json", "--outcome", str(tmp_path / "dry.csv"))
    assert dry.document["outcomes"] == {"would be refused": 5}
    assert (await certpath.handle("M1-0", "CCOM").query("status"))["testing_deadline"] == until

    sent = certpath.starter(*act, payload, "--yes", "--outcome", str(outcome), "--json")
    assert sent.document["outcomes"] == {"taken": 5}
    assert set(outcomes(outcome)) == {"taken: DeadlineExtended"}
    dry = certpath.starter(*act, payload, "--dry-run", "--outcome", str(outcome))
    assert "carried out already" in dry.err
    again = certpath.starter(*act, payload, "--yes", "--outcome", str(outcome))
    assert again.code == 0
    assert "carried out already" in again.err
    outcome.unlink()  # and even without its memory: the engine knows the message
    forgotten = certpath.starter(*act, payload, "--yes", "--outcome", str(outcome), "--json")
    assert forgotten.document["outcomes"] == {"duplicate": 5}
    before = outcome.read_text()
    anew = certpath.starter(*act, payload, "--yes", "--again", "--outcome", str(outcome), "--json")
    assert anew.document["outcomes"] == {"duplicate": 5}, "the deadline is there already"
    assert outcome.read_text() != before, "but the message is another one"


def _days_after(day: str, days: int) -> str:
    from datetime import date, timedelta

    return str(date.fromisoformat(day) + timedelta(days=days))


async def test_an_act_goes_on_with_those_that_were_found_the_first_time(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "M2", 3)))
    await eventually(lambda: certpath.starter("status", "M2-2", "CCMA").code == 0)
    act = ("message", "--query", "CandidateId STARTS_WITH 'M2-'", "update_contact", '{"publish": true}', "--yes")
    outcome = tmp_path / "m.csv"
    certpath.starter(*act, "--outcome", str(outcome))
    # As an interruption leaves it: one sent, two not reached; and somebody more whom the filter would find now.
    header, first, *others = outcome.read_text().splitlines()
    rest = [line.rpartition(",")[0] + ",not reached" for line in others]
    outcome.write_text("\n".join([header, first, *rest]) + "\n")
    certpath.starter("import", str(candidates(tmp_path / "more.csv", "M2", 4)))
    ended = certpath.starter(*act, "--outcome", str(outcome), "--json")
    assert "2 open candidacies left of 3" in ended.err
    assert ended.document["rows"] == 3
    assert ended.document["outcomes"] == {"taken": 1, "duplicate": 2}
    # An act begun with --again and interrupted goes on too, and is no third one.
    certpath.starter(*act, "--again", "--outcome", str(outcome))
    header, first, *others = begun_anew = outcome.read_text().splitlines()
    rest = [line.rpartition(",")[0] + ",not reached" for line in others]
    outcome.write_text("\n".join([header, first, *rest]) + "\n")
    certpath.starter(*act, "--again", "--outcome", str(outcome))
    ids = [line.split(",")[3] for line in outcome.read_text().splitlines()]
    assert ids == [line.split(",")[3] for line in begun_anew]


async def test_what_was_done_in_one_namespace_is_not_done_in_another(
    certpath: Engine, embedded: EmbeddedServer, tmp_path: Path
) -> None:
    act = ("message", "--query", "CandidateId STARTS_WITH 'S-'", "update_contact", '{"publish": true}', "--dry-run")
    async with engine(tmp_path, embedded, working=False) as another:
        names = {one.starter(*act, "--json").document["outcome_file"] for one in (certpath, another)}
    _remove(names)
    assert len(names) == 2


def _remove(names: set[str]) -> None:
    """What stands in the checkout's own var/, because no other place was named."""
    for name in names:
        Path(name).unlink()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("withdraw", "{}"), "Say for whom"),
        (("--designation", "CCZZ", "withdraw", "{}"), "CCZZ"),
        (("--designation", "CCSL", "withdrawn", "{}"), "did you mean withdraw"),
        (("--status", "withdrawn", "withdraw", "{}"), "a closed candidacy takes no messages"),
        (("--designation", "CCSL", "withdraw", "{"), "not JSON"),
        (("--designation", "CCSL", "withdraw", '{"why": 1}'), "why: is not a field"),
        (("--query", "CandidateId LIKES 'x'", "withdraw", "{}"), "list filter"),
        (("--designation", "CCSL", "withdraw", "@/nowhere.json"), "/nowhere.json"),
    ],
)
def test_what_cannot_be_meant_is_code_2_and_sends_nothing(
    certpath: Engine, arguments: tuple[str, ...], told: str
) -> None:
    ended = certpath.starter("message", *arguments, "--yes")
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err


async def test_nobody_found_is_done(certpath: Engine, tmp_path: Path) -> None:
    act = ("message", "--query", "CandidateId = 'nobody'", "withdraw", "{}", "--json")
    ended = certpath.starter(*act, "--outcome", str(tmp_path / "m.csv"))
    assert ended.code == 0
    assert ended.document["rows"] == 0
