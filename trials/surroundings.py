"""The environment of the processes that a trial or a measurement starts."""

from __future__ import annotations

import os
from collections.abc import Collection

OF_CERTPATH, OF_TEMPORAL = "CERTPATH_", "TEMPORAL_"
"""What the names of the settings of each begin with."""


def surroundings(left_out: tuple[str, ...], but: Collection[str] = ()) -> dict[str, str]:
    """The environment of this process, without the settings that begin with one of these words, but with those named.

    Where Temporal's settings are left out, its configuration file is too. Bytecode is on, as in production: without it
    each process compiles its modules again, and the sandbox compiles the workflow anew for each candidacy.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and (name in but or not name.startswith(left_out))
    }
    return {**kept, "TEMPORAL_CONFIG_FILE": os.devnull} if OF_TEMPORAL in left_out else kept
