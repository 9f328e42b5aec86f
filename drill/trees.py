"""The code of the builds: copies of this tree, as it is and with changes, and time zone rules of another year."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path

from drill.edits import Edit
from runtime.settings import ROOT

_CODE = (
    *("domain", "views", "feeds", "record", "workflows", "activities", "runtime", "monitoring", "client", "cli"),
    *("demo", "worker.py", "starter.py", "schemes", "examples"),
)
"""What a worker and the command line need."""
_HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*")
"""Bytecode that another process is just writing, and which may be gone before it is copied."""

OTHER_TZDATA = "2999.1"
ZONE = "America/Chicago"
"""The zone whose rules the other tzdata changes: it has no daylight saving time there."""
_WITHOUT_SUMMER = "America/Regina"


def copied(folder: Path, scheme: Path) -> Path:
    """A copy of the code of this tree in `folder`, with this scheme.

    Bytecode comes along where there is some. It is still that of its module, whose time of change is copied as well.
    """
    folder.mkdir(parents=True)
    for name in _CODE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=_HALF_WRITTEN)
        else:
            shutil.copy2(source, folder / name)
    shutil.copy2(scheme, folder / "schemes" / "ciac.toml")
    return folder


def changed(tree: Path, folder: Path, *changes: Mapping[str, Sequence[Edit]]) -> Path:
    """A copy of a tree in `folder`, with these changes.

    Raises:
        Misfit: a change does not fit the code.
    """
    shutil.copytree(tree, folder, ignore=_HALF_WRITTEN)
    for edits in changes:
        for edit in (one for several in edits.values() for one in several):
            edit.carry_out(folder)
    return folder


def other_tzdata(folder: Path) -> Path:
    """A copy of the tzdata package in `folder`, under another version and with other rules for one zone.

    The folder must come first on PYTHONPATH. Then a worker takes its zones from there, and says that version.
    """
    installed = distribution("tzdata")
    package = Path(str(installed.locate_file("tzdata")))
    about = next(path for path in installed.files or () if path.name == "METADATA")
    shutil.copytree(package, folder / "tzdata", ignore=shutil.ignore_patterns("__pycache__"))
    zones = folder / "tzdata" / "zoneinfo"
    shutil.copy2(zones / _WITHOUT_SUMMER, zones / ZONE)
    _swap(folder / "tzdata" / "__init__.py", r'__version__ = ".*"', f'__version__ = "{OTHER_TZDATA}"')
    _swap(folder / "tzdata" / "__init__.py", r'IANA_VERSION = ".*"', 'IANA_VERSION = "2999a"')
    metadata = folder / f"tzdata-{OTHER_TZDATA}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    shutil.copy2(str(installed.locate_file(about)), metadata)
    _swap(metadata, r"(?m)^Version: .*$", f"Version: {OTHER_TZDATA}")
    return folder


def _swap(path: Path, pattern: str, new: str) -> None:
    path.write_text(re.sub(pattern, new, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
