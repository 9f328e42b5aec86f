"""Answer keys that hang: each is a named pipe, so who reads it waits, and is tried again by the server after 10 s.

The first attempt is never answered, as on a network folder that has gone away, and a later one finds the real key.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from drill.steps import ANSWERS


@dataclass
class HangingKeys:
    """The folder of answer keys."""

    folder: Path
    _domains: dict[str, str] = field(default_factory=dict)
    _aside: list[Path] = field(default_factory=list)

    def hang(self, form: str, domain: str) -> None:
        """From now on, whoever reads the key of this form waits."""
        self.folder.mkdir(exist_ok=True)
        os.mkfifo(self._path(form))
        self._domains[form] = domain

    def put_right(self) -> None:
        """The keys are there. Whoever waits already goes on waiting, because a pipe that was opened stays a pipe."""
        for form, domain in self._domains.items():
            path = self._path(form)
            aside, whole = self.folder / f".{form}.pipe", self.folder / f".{form}.new"
            os.link(path, aside)
            whole.write_text(json.dumps({"form": form, "domain": domain, "answers": ANSWERS}))
            whole.replace(path)  # in one step, so that the key is never missing
            self._aside.append(aside)
        self._domains.clear()

    def let_go(self) -> None:
        """Whoever still waits reads an empty key. Call this when nobody waits for those attempts any more."""
        for pipe in self._aside:
            with contextlib.suppress(OSError):  # nobody waits there
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            pipe.unlink()
        self._aside.clear()

    def _path(self, form: str) -> Path:
        return self.folder / f"{form}.json"
