"""The short form of `make drill`: candidacies in every stage of life move to a newer build, back, and forth again."""

from pathlib import Path

from drill.options import SHORT, Options
from drill.running import run
from drill.stages import STAGES
from tests.scheme import SCHEME_FILE


async def test_everything_is_accounted_for_after_moving_to_a_newer_build_and_back_and_forth_again(
    tmp_path: Path,
) -> None:
    report = await run(Options(seed=8, candidacies=len(STAGES), scheme=SCHEME_FILE, extent=SHORT), tmp_path)
    assert report.right, report.table()
    figures = report.figures()
    assert all(figures[f"  {stage.name}"] for stage in STAGES)
    assert len(report.moves) == 3
    assert figures["  of the newer build alone"]
    assert figures["    of these refused"]
