"""The options of a drill, and how much it does and how long it takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from drill.steps import MOVES, Part
from runtime.settings import Settings


@dataclass(frozen=True)
class Extent:
    """How much a drill does and how long it takes. The defaults are those of `make drill`."""

    long_moves: Collection[Part] = tuple(MOVES)
    """In these moves mail is away for longer than the 10 seconds for which a candidacy that moves waits for its last
    notices. In the other moves it comes back before."""
    part_seconds: float = 6.0
    """No part is shorter."""
    messages_a_second: float = 8
    """So many messages a second are sent, if the machine can follow."""
    chatter: tuple[int, int] = (1, 2)
    """At least and at most so many messages that could come at any time are sent to each candidacy in each part."""
    looks: Collection[Part] = tuple(Part)
    """At the end of these parts every candidacy is asked for its timeline."""
    early_checks: bool = False
    """Whether the alarm of the newer build rings 6 seconds after a mentor was named, and not 15."""
    raising: bool = True
    """Whether the smaller drill is played, in which a third build raises the format."""
    database: bool = True
    """Whether the server has its data in a file, which can be looked at when something is wrong."""


SHORT = Extent(
    long_moves=(Part.BACK,),
    part_seconds=1.5,
    messages_a_second=20,
    chatter=(0, 1),
    looks=(Part.BEFORE, Part.NEWER, Part.OLDER),  # once on each build before each move
    early_checks=True,
    raising=False,
    database=False,
)
"""The extent for the tests. What the smaller drill shows is in tests/processes/test_upgrade.py and in
tests/formats/test_refused_by_an_older_build.py."""


@dataclass(frozen=True)
class Options:
    """The options of a drill. `address`: an installation to run against, whose server is left alone."""

    seed: int
    candidacies: int = 200
    address: str | None = None
    scheme: Path = Settings.scheme
    deployment: str = "certpath"
    patience: float = 300.0
    """Seconds until one message must be answered, and until one candidacy must come to rest."""
    extent: Extent = Extent()
