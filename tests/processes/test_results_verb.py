"""`results` as operations use it: a feed of every night, in two forms, with bad rows and a candidacy that is stuck."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.embedded import EmbeddedServer
from tests.processes.bulk import RESULT_COLUMNS, candidates, kinds, outcomes, write
from tests.processes.engine import Engine
from tests.processes.evidence import timeline
from tests.processes.here import engine_here
from tests.processes.messages import DOMAINS, instant, workflow_id
from tests.waiting import eventually

USED = "used-before"
"""A message id that the candidacy knows already, with other content."""


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace and a worker for the tests of this file."""
    async with engine_here(tmp_path_factory.mktemp("results"), embedded) as running:
        yield running


def feed(prefix: str) -> list[tuple[object, ...]]:
    """A pass and its correction, a no-show that is voided, one held, one refused, and some for nobody."""
    one, two = f"{prefix}-0", f"{prefix}-1"
    return [
        (one, "CCMA", "R-1", "", DOMAINS[0], instant(20), "", "81.5"),
        (one, "CCMA", "R-1", 2, DOMAINS[0], instant(20), "", "82.5"),
        (one, "CCMA", "R-2", "", DOMAINS[1], instant(20), "No Show", ""),
        (one, "CCMA", "R-2", 2, DOMAINS[1], instant(20), "voided", ""),
        (two, "CCMA", "R-3", "", DOMAINS[0], instant(20), "", "69.99999999999999999999"),
        (two, "CCMA", "R-4", "", DOMAINS[0], instant(10), "", "90"),
        (two, "CCMA", "R-7", "", DOMAINS[1], instant(10), "", "91", USED),
        (f"{prefix}-9", "CCMA", "R-5", "", DOMAINS[0], instant(20), "", "90"),
        (f"{prefix}-2", "CCMA", "R-6", "", DOMAINS[0], instant(20), "", "90"),
    ]


async def test_a_feed_that_is_played_every_night_changes_nothing_after_the_first(
    certpath: Engine, tmp_path: Path
) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "F1", 3)))
    await eventually(lambda: certpath.starter("status", "F1-2", "CCMA").code == 0)
    await certpath.handle("F1-2", "CCMA").execute_update("withdraw", {})
    await certpath.handle("F1-2", "CCMA").result()
    await certpath.handle("F1-1", "CCMA").execute_update("update_contact", {"publish": True, "message_id": USED})
    file = write(tmp_path / "feed.csv", RESULT_COLUMNS, feed("F1"))
    outcome = tmp_path / "feed.outcome.csv"
    dry = certpath.starter("results", str(file), "--dry-run", "--json")
    # As many as the real run takes, holds and refuses below.
    assert dry.document["outcomes"] == {
        "would be taken": 5,
        "would be held": 1,
        "would be refused": 1,
        "unknown": 1,
        "closed": 1,
    }

    first = certpath.starter("results", str(file))
    assert first.code == 1
    assert outcomes(outcome)[:5] == [
        "taken: AssessmentPassed",
        "taken: ResultCorrected",
        "taken: NoShowRecorded",
        "taken: ResultCorrected",
        "taken: AssessmentFailed",
    ]
    assert list(kinds(outcome)) == ["taken", "held", "refused", "unknown", "closed"]
    assert outcomes(outcome)[-1] == "closed: withdrawn"

    handles = [certpath.handle(f"F1-{number}", "CCMA") for number in (0, 1)]
    lengths = [(await handle.describe()).history_length for handle in handles]
    events = [await timeline(handle) for handle in handles]
    for night in range(3):
        name = tmp_path / f"feed-{night}.csv"
        name.write_bytes(file.read_bytes())
        ended = certpath.starter("results", str(name), "--json")
        assert ended.document["outcomes"] == {"duplicate": 6, "refused": 1, "unknown": 1, "closed": 1}
    assert [await timeline(handle) for handle in handles] == events
    # What was only asked about, and what was refused once more, leaves no trace. The notices of the first night may
    # still have been on their way.
    await eventually(lambda: _quiet(certpath, "F1"))
    before = [(await handle.describe()).history_length for handle in handles]
    certpath.starter("results", str(file))
    assert [(await handle.describe()).history_length for handle in handles] == before
    assert all(now >= then for now, then in zip(before, lengths, strict=True))

    # The unknown one is enrolled at last: the next run of the same file delivers.
    certpath.starter("import", str(candidates(tmp_path / "more.csv", "F1", 10)))
    assert certpath.starter("results", str(file), "--json").document["outcomes"] == {
        "taken": 1,
        "duplicate": 6,
        "refused": 1,
        "closed": 1,
    }


async def _quiet(certpath: Engine, prefix: str) -> bool:
    """Whether no notice is on its way any more."""
    query = f"CandidateId STARTS_WITH '{prefix}-' AND ExecutionStatus = 'Running'"
    found = [
        await certpath.client.get_workflow_handle(one.id).describe()
        async for one in certpath.client.list_workflows(query)
    ]
    return not any(one.raw_description.pending_activities for one in found)


async def test_a_feed_comes_as_json_lines_through_a_pipe(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "F2", 1)))
    row = {"candidate_id": "F2-0", "designation": "CCMA", "result_id": "R-1", "domain": DOMAINS[0]}
    text = json.dumps({**row, "taken_at": instant(20), "points": 51, "out_of": 60}) + "\n"
    outcome = tmp_path / "o.csv"
    ended = certpath.starter("results", "-", "--outcome", str(outcome), "--json", stdin=text.encode())
    assert ended.document["outcomes"] == {"taken": 1}
    # The same row in another file, of another kind: the same message.
    cells = ("F2-0", "CCMA", "R-1", DOMAINS[0], instant(20), "51", "60")
    columns = ("candidate_id", "designation", "result_id", "domain", "taken_at", "points", "out_of")
    as_csv = write(tmp_path / "feed.csv", columns, [cells])
    assert certpath.starter("results", str(as_csv), "--json").document["outcomes"] == {"duplicate": 1}
    # Somebody unknown needs a person the first time, and not every night.
    nights = [certpath.starter("results", str(write(as_csv, columns, [cells, ("F2-9", *cells[1:])]))) for _ in "12"]
    assert [night.code for night in nights] == [1, 0]
    assert "1 closed or unknown, as an earlier run has said already" in nights[1].err


async def test_a_feed_with_bad_rows_sends_nothing(certpath: Engine, tmp_path: Path) -> None:
    rows = [("F3-0", "CCMA", "R-1", "", DOMAINS[0], "03/04/27", "", "81,5")]
    ended = certpath.starter("results", str(write(tmp_path / "feed.csv", RESULT_COLUMNS, rows)))
    assert ended.code == 2
    assert "row 2, F3-0, taken_at" in ended.err
    assert "row 2, F3-0, percentage" in ended.err
    assert not (tmp_path / "feed.outcome.csv").exists()


async def test_one_candidacy_that_does_not_answer_fails_alone(certpath: Engine, tmp_path: Path) -> None:
    certpath.starter("import", str(candidates(tmp_path / "people.csv", "F4", 1)))
    await certpath.client.start_workflow(
        "CertificationWorkflow", {}, id=workflow_id("F4-stuck", "CCMA"), task_queue="nobody-works-here"
    )
    rows = [(one, "CCMA", "R-1", "", DOMAINS[0], instant(20), "", "90") for one in ("F4-stuck", "F4-0")]
    ended = certpath.starter("results", str(write(tmp_path / "feed.csv", RESULT_COLUMNS, rows)), "--json")
    assert ended.code == 1
    assert ended.document["outcomes"] == {"failed": 1, "taken": 1}
