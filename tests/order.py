"""The order in which the files of tests are handed out, so that no core stands still and none works alone at the end.

Some files wait most of their time, for pauses of workers and servers; the others use a processor most of their time.
Several test processes share each core. If all of them waited at first and all of them worked afterwards, the cores
would be idle first and crowded afterwards. So files of both kinds are mixed in proportion to the time that they take:
at each moment, about a third of the processes waits. The longest files come first, and at the end there are only short
ones.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from pathlib import Path

FOLDER = Path(__file__).parent

FOLDERS = ("processes", "workflows", "integration", "properties", "record", "formats", "documents", "unit")
"""The folders of tests. Of files that take equally long, those of the folder that is named first come first."""

WAITING: Mapping[str, int] = {
    "workflows/test_moving.py": 125,
    "processes/test_upgrade.py": 95,
    "processes/test_killed_before_the_answer.py": 50,
    "workflows/test_slow_world.py": 45,
    "workflows/test_recording.py": 40,
    "formats/test_refused_by_an_older_build.py": 35,
    "workflows/test_continuing.py": 30,
    "processes/test_watching.py": 20,
    "integration/test_lost_answers.py": 20,
    "processes/test_command_line.py": 15,
    "processes/test_erase.py": 15,
    "processes/test_finding_verbs.py": 15,
    "processes/test_results_verb.py": 15,
    "processes/test_worker_process.py": 15,
    "workflows/test_counting.py": 15,
    "processes/test_message_verb.py": 10,
    "workflows/test_early_queries.py": 10,
    "workflows/test_outage.py": 10,
}
"""The files that need a processor for less than a fifth of their time, with their seconds in a whole run."""
WORKING: Mapping[str, int] = {
    "processes/test_drill.py": 75,
    "documents/test_ui.py": 55,
    "processes/test_chaos.py": 45,
    "processes/test_killed.py": 35,
    "processes/test_dev_and_demo.py": 25,
    "integration/test_bench.py": 25,
    "record/test_projection.py": 20,
    "record/test_rebuild.py": 20,
    "processes/test_builds.py": 15,
    "processes/test_foreign_client.py": 15,
    "processes/test_import_interrupted.py": 15,
    "processes/test_worker_health.py": 15,
    "record/test_record_verbs.py": 15,
    "processes/test_everyday_verbs.py": 10,
    "processes/test_import_verb.py": 10,
    "processes/test_malformed_messages.py": 10,
    "processes/test_on_a_terminal.py": 10,
    "workflows/test_advancement_journeys.py": 10,
    "workflows/test_journal_bounds.py": 10,
    "workflows/test_replays.py": 10,
    "properties/test_floods.py": 10,
    "properties/test_random_histories.py": 10,
    "record/test_erasure.py": 10,
    "formats/test_lives.py": 10,
    "unit/domain/test_purity.py": 10,
}
"""The longest of the other files, with their seconds. A wrong number here costs time and nothing else."""

_SHORT = 2
"""The seconds of every file that is not named here."""
_WORKING_LAST = 0.2
"""This part of the files that work, by their time, comes when no file is left that waits."""


def in_order(files: Iterable[Path]) -> list[Path]:
    """These files of tests, each once, in the order in which they are handed out."""
    found = sorted(set(files), key=_longest_first)
    waiting = [file for file in found if _name(file) in WAITING]
    working = [file for file in found if _name(file) not in WAITING]
    places = _places(waiting, 1 - _WORKING_LAST) | _places(working, 1)
    return sorted(waiting + working, key=places.__getitem__)


def _places(files: list[Path], end: float) -> dict[Path, float]:
    """For each of these files, which come one after the other, the part of their time that has passed when it begins.

    The time of all of them is `end`.
    """
    lengths = [_seconds(file) for file in files]
    return {
        file: end * (until - length) / sum(lengths)
        for file, length, until in zip(files, lengths, accumulate(lengths), strict=True)
    }


def _longest_first(file: Path) -> tuple[int, int, Path]:
    folder = file.relative_to(FOLDER).parts[0]
    # A folder that is not named above comes last.
    return (-_seconds(file), [*FOLDERS, folder].index(folder), file)


def _seconds(file: Path) -> int:
    return WAITING.get(_name(file)) or WORKING.get(_name(file)) or _SHORT


def _name(file: Path) -> str:
    return file.relative_to(FOLDER).as_posix()
