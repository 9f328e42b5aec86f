"""The order in which the files of tests are handed out, so that no core stands still and none works alone at the end.

Some files mostly wait for servers, workers and pauses; others only compute. Several test processes share each core. If
all of them waited at first and all of them computed afterwards, the cores would be idle first and crowded afterwards.
So files of both kinds take turns from the beginning to the end. Of those that wait the longest come first, and at the
end there are only short ones.
"""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

FOLDER = Path(__file__).parent
LONGEST = (
    "processes/test_drill.py",
    "processes/test_upgrade.py",
    "workflows/test_moving.py",
    "processes/test_chaos.py",
    "workflows/test_slow_world.py",
    "processes/test_killed_before_the_answer.py",
    "processes/test_dev_and_demo.py",
    "processes/test_killed.py",
    "integration/test_bench.py",
)
"""The files that wait longest, the longest first. A wrong order here costs time and nothing else."""
WAITING = ("processes", "workflows", "integration")
COMPUTING = ("properties", "record", "formats", "documents", "unit")
"""The folders of each kind, those with the longest files first."""
_COMPUTED_LAST = Fraction(1, 10)
"""This part of the files that compute comes when no file is left that waits."""


def in_order(files: Iterable[Path]) -> list[Path]:
    """These files of tests, each once, in the order in which they are handed out."""
    found = sorted(set(files))
    waiting = [file for file in found if _folder(file) in WAITING]
    # A folder that is not named here computes, and comes last.
    computing = [file for file in found if file not in waiting]
    waiting.sort(key=_longest_first)
    computing.sort(key=lambda file: [*COMPUTING, _folder(file)].index(_folder(file)))
    places = {file: (1 - _COMPUTED_LAST) * Fraction(at, len(waiting)) for at, file in enumerate(waiting)}
    places |= {file: Fraction(at, len(computing)) for at, file in enumerate(computing)}
    return sorted(waiting + computing, key=places.__getitem__)


def _longest_first(file: Path) -> tuple[int, int]:
    name = file.relative_to(FOLDER).as_posix()
    return ([*LONGEST, name].index(name), WAITING.index(_folder(file)))


def _folder(file: Path) -> str:
    return file.relative_to(FOLDER).parts[0]
