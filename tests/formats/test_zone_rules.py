"""The time zone rules are those of the package in the lock: a part of the build, and named in the journal."""

import re
from importlib.metadata import version

import tzdata

from domain.calendar import ZONE_RULES
from runtime.builds import PACKAGES
from runtime.settings import ROOT
from tests.cases import each
from tests.formats.journals import paths, read


@each("lock", ["requirements.lock", "requirements-dev.lock"])
def test_both_locks_pin_the_rules_that_are_installed(lock: str) -> None:
    pinned = re.findall(r"^tzdata==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    assert pinned == [version("tzdata")], "run `make lock`, then `make setup`"


def test_the_rules_have_the_name_that_the_journal_gives_them() -> None:
    """A later edition is a greater text: 2026f is the sixth of its year."""
    assert ZONE_RULES == tzdata.IANA_VERSION
    assert re.fullmatch(r"20\d\d[a-z]{1,2}", ZONE_RULES)
    assert {read(path)["zone_rules"] for path in paths()} >= {"2026f"}


def test_the_rules_are_a_part_of_the_build() -> None:
    assert "tzdata" in PACKAGES
