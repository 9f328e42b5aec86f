"""The command line as a person has it before them: at a terminal."""

import os
import pty
import subprocess
import sys
from contextlib import suppress

from tests.processes.programs import STARTER, Ended, Place, surroundings
from tests.waiting import eventually

# Makes the terminal on stdin the one that controls the process, so that a typed Ctrl-C is the signal that it is for a
# person, and becomes the program that it is given. This is done by a program of its own and not by `preexec_fn`: that
# would run in a fork of this process, whose other threads may hold locks that nobody gives back in the fork.
_AT_THE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """`starter.py` at a terminal of its own, for the length of a block: all that it writes is drawn there.

    `piped`: only its stdin is the terminal; stdout and stderr are pipes.
    """

    def __init__(self, place: Place, *arguments: str, piped: bool = False) -> None:
        self._screen, inside = pty.openpty()
        written = subprocess.PIPE if piped else inside
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _AT_THE_TERMINAL, *STARTER, *arguments],
            stdin=inside,
            stdout=written,
            stderr=written,
            env=surroundings(place, {"TERM": "xterm", "COLUMNS": "100"}),
            start_new_session=True,
        )
        os.close(inside)
        self._pipes = [pipe for pipe in (self.process.stdout, self.process.stderr) if pipe]
        self._written = dict.fromkeys((self._screen, *(pipe.fileno() for pipe in self._pipes)), b"")
        for number in self._written:
            os.set_blocking(number, False)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in self._pipes:
            pipe.close()
        os.close(self._screen)

    def look(self) -> str:
        """What it has written by now; with pipes, stdout before stderr."""
        for number in self._written:
            with suppress(OSError):  # nothing more yet, or nobody writes any more
                while read := os.read(number, 65536):
                    self._written[number] += read
        return "".join(self._texts())

    def _texts(self) -> tuple[str, str]:
        """Stdout and stderr; the terminal as stdout, where there are no pipes."""
        screen, *piped = (text.decode(errors="replace") for text in self._written.values())
        return (piped[0], piped[1]) if piped else (screen, "")

    async def answer(self, question: str, keys: bytes) -> Ended:
        """Wait until the last thing written is this question, type these keys, and wait for the end."""
        await eventually(lambda: self.look().endswith(question) or self.process.poll() is not None)
        self.type(keys)
        return await self.ended()

    def type(self, keys: bytes) -> None:
        """Type these keys."""
        os.write(self._screen, keys)

    async def ended(self) -> Ended:
        """Wait for the end. What was drawn on the terminal counts as stdout."""

        def over() -> bool:
            self.look()  # a terminal that nobody reads fills up
            return self.process.poll() is not None

        await eventually(over)
        self.look()
        return Ended(self.process.returncode, *self._texts())
