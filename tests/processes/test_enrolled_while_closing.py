"""`register` and `import` where a candidacy is closed, and its workflow still waits for the mail server."""

import csv
import json
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from runtime.embedded import EmbeddedServer, free_port
from tests.processes.engine import Engine, engine
from tests.processes.programs import Ended
from tests.waiting import eventually

ANA = {"candidate_id": "C-1", "name": "Ana Ruiz", "email": "ana@example.org", "designation": "CCSL"}


def register(running: Engine, *arguments: str) -> Ended:
    flags = [
        part for field, value in ANA.items() for part in (f"--{field.replace('candidate_id', 'candidate')}", value)
    ]
    return running.starter("register", *flags, "--json", *arguments)


def imported(running: Engine, file: Path, *arguments: str) -> tuple[int, str]:
    """The exit code, and the outcome of the file's row."""
    ended = running.starter("import", str(file), *arguments)
    written = file.with_suffix(".dry-run.csv" if "--dry-run" in arguments else ".outcome.csv")
    with written.open(newline="") as outcome:
        (line,) = list(csv.reader(outcome))[1:]
    return ended.code, line[-1]


async def test_a_closed_candidacy_that_is_still_sending_is_not_taken_for_an_enrolment(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([list(ANA), list(ANA.values())])
    port = free_port()
    async with engine(tmp_path, embedded, CERTPATH_SMTP_URL=f"smtp://127.0.0.1:{port}") as running:
        assert register(running).code == 0
        assert running.starter("withdraw", "C-1", "CCSL", "--yes").code == 0

        for arguments in ((), ("--dry-run",)):
            outcome = "refused: the candidacy is closed (withdrawn); to open a new one on purpose, add --re-enrol"
            assert imported(running, file, *arguments) == (1, outcome)
        refused = register(running)
        assert (refused.code, json.loads(refused.out)["error"]["kind"]) == (1, "closed")
        assert "--re-enrol opens a new one" in refused.err

        again = "its last notices or records still go out: run the same command again"
        for flags in (["--re-enrol"], ["--re-enrol", "--dry-run"]):
            assert imported(running, file, *flags) == (1, f"failed: the candidacy is closed (withdrawn); {again}")
        refused = register(running, "--re-enrol")
        assert (refused.code, json.loads(refused.out)["error"]["status"]) == (1, "withdrawn")
        assert again in refused.err

        mail = Controller(Sink(), hostname="127.0.0.1", port=port)
        mail.start()
        try:
            await eventually(lambda: imported(running, file, "--re-enrol") == (0, "registered"), "a new candidacy")
        finally:
            mail.stop()
        assert json.loads(running.starter("status", "C-1", "CCSL", "--json").out)["status"] == "awaiting_purchase"
