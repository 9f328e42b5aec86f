"""The short form of `make chaos`: every kind of journey, while workers, server, mail server and record fail."""

from pathlib import Path

from chaos.plans import KINDS
from chaos.running import Options, run
from tests.scheme import SCHEME_FILE

ENDS = ("SIGKILL before a mail", "SIGKILL at a mail", "SIGTERM", "SIGKILL of all")


async def test_everything_is_accounted_for_after_workers_server_mail_and_record_have_failed(tmp_path: Path) -> None:
    options = Options(
        seed=8,
        journeys=len(KINDS),
        kills=len(ENDS),
        ends=ENDS,
        gap_seconds=(0.5, 1.5),
        workers=2,
        scheme=SCHEME_FILE,
        record_faults=("locked",),
        # Longer than a writer waits for another one, so that notices go out before their events are recorded.
        record_seconds=7,
        # The mail is never away for long here, so no pause between two attempts comes near to five minutes.
        patience=300,
    )
    report = await run(options, tmp_path)
    assert report.right, report.table()
    figures = report.figures()
    assert figures["journeys"] == len(KINDS)
    assert all(figures[f"  {kind}"] for kind in KINDS)
    assert int(figures["workers ended"]) >= 5
    assert figures["record outages"] == 1
    assert int(figures["server killed and restarted"]) >= 1
