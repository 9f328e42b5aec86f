"""How far something with many parts has come, on stderr: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from cli import output

_EVERY_SECONDS = 5.0
_FEW = 20


class Progress:
    """Counts what is done; says the rate and the remaining time. A context manager."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._begun = time.monotonic()
        self._shown_at = self._begun
        self._said = 0
        self._bar: Bar | None = None

    def __enter__(self) -> "Progress":
        if self._total and sys.stderr.isatty():  # a bar of 0/0 says nothing
            self._bar = _bar()
            self._task = self._bar.add_task(self._what, total=self._total)
            with output.unheard():
                self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            with output.unheard():
                self._bar.stop()
        elif self._said not in (0, self._done):  # a short act needs no lines
            self._show_count()

    def advance(self) -> None:
        """One more is done."""
        self.reach(self._done + 1)

    def reach(self, done: int, total: int | None = None) -> None:
        """So many are done by now. `total` is given where it may be another one than at first."""
        self._done = done
        self._total = self._total if total is None else total
        if self._bar is not None:
            with output.unheard():
                self._bar.update(self._task, completed=done, total=self._total)
        elif time.monotonic() - self._shown_at >= _EVERY_SECONDS:
            self._show_count()

    def _show_count(self) -> None:
        self._shown_at, self._said = time.monotonic(), self._done
        rate = self._done / max(self._shown_at - self._begun, 0.001)
        left = (self._total - self._done) / max(rate, 0.001)
        # The first few say little about the pace of the others.
        remaining = f", {_span(left)} left" if _FEW <= self._done < self._total else ""
        output.say(f"{self._what}: {self._done:,} of {self._total:,}, {rate:,.0f}/s{remaining}")


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class _Stderr(Console):
    """The terminal; one that has gone ends no process, as rich would have it, and takes no stdout away."""

    def on_broken_pipe(self) -> None:
        """Nothing is to be done: nobody looks."""


def _bar() -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=_Stderr(stderr=True),
    )
