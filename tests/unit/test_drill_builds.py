"""The builds of `make drill`: the changes of the newer one fit today's code, and change what they are meant to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drill.edits import Add, Create, Edit, Misfit, Swap
from drill.newer import NEWER, ONLY_NEWER_COMMAND, ONLY_NEWER_EVENTS, ONLY_NEWER_FIELD, RAISED
from drill.trees import OTHER_TZDATA, ZONE, changed, copied, other_tzdata
from tests.scheme import SCHEME_FILE
from tests.waiting import PATIENCE

_ABOUT = f"""\
import json
from datetime import date
from importlib.metadata import version
from pathlib import Path
from activities.programme import read_scheme
from domain import calendar, commands, events, formats, vocabulary
from runtime.search_attributes import ALL
if formats.STEPS:  # the newest of the builds, which has the changes of the others as well
    import worker, workflows
rules = read_scheme(Path("schemes/ciac.toml")).rules
step = formats.CHAIN.steps[-1:]
print(json.dumps({{
    "mentor": step[0].state({{"mentor": {{"name": "M. Entor"}}}})["mentor"] if step else None,
    "commands": list(commands.MESSAGES),
    "fields": list(commands.RecordSelfAssessment.model_fields),
    "events": list(events.EVENT_TYPES),
    "alarms": list(vocabulary.AlarmKind),
    "attributes": len(ALL),
    "groups": list(type(rules).model_fields),
    "format": formats.FORMAT,
    "tzdata": version("tzdata"),
    "day": calendar.start_of(date(2026, 7, 1), {ZONE!r}).isoformat(),
}}))
"""


def about(tree: Path, **environment: str) -> dict[str, Any]:
    """What a process of this tree says about itself."""
    asked = subprocess.run(
        [sys.executable, "-c", _ABOUT],
        cwd=tree,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    answer: dict[str, Any] = json.loads(asked.stdout)
    return answer


def test_the_newer_build_has_every_change_and_the_third_one_a_raised_format(tmp_path: Path) -> None:
    tree = copied(tmp_path / "old", SCHEME_FILE)
    zones = other_tzdata(tmp_path / "tzdata")
    old = about(tree)
    new = about(changed(tree, tmp_path / "new", NEWER), PYTHONPATH=str(zones))
    raised = about(changed(tree, tmp_path / "raised", NEWER, RAISED), PYTHONPATH=str(zones))
    assert [one for one in new["commands"] if one not in old["commands"]] == [ONLY_NEWER_COMMAND]
    assert [one for one in new["fields"] if one not in old["fields"]] == [ONLY_NEWER_FIELD]
    assert [one for one in new["events"] if one not in old["events"]] == list(ONLY_NEWER_EVENTS)
    assert [one for one in new["alarms"] if one not in old["alarms"]] == ["mentor-check"]
    assert [one for one in new["groups"] if one not in old["groups"]] == ["mentoring"]
    assert new["attributes"] == old["attributes"] + 1
    assert (old["day"][11:13], new["day"][11:13], new["tzdata"]) == ("05", "06", OTHER_TZDATA)
    assert (new["format"], raised["format"]) == (old["format"], old["format"] + 1)
    assert raised["mentor"] == {"full_name": "M. Entor"}


@pytest.mark.parametrize(
    "edit",
    [
        Swap("file.py", "three", "four"),
        Swap("file.py", "one", "two"),
        Add("file.py", "text", after="three"),
        Add("none.py", "text"),
        Create("file.py", "text"),
    ],
)
def test_an_edit_that_finds_no_place_or_two_says_which_one_and_changes_nothing(edit: Edit, tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text("one two one\n")
    with pytest.raises(Misfit, match=r"drill/newer\.py"):
        edit.carry_out(tmp_path)
    assert file.read_text() == "one two one\n"
    assert list(tmp_path.iterdir()) == [file]
