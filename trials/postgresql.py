"""A PostgreSQL server of this machine's own programs. It is reached by a socket in its folder, and by no port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from runtime.leashed import leashed

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
_PATIENCE_SECONDS = 60.0

OPTIONS: Mapping[str, str] = {
    # It is reached by a socket in the folder and by no port.
    "listen_addresses": "",
    # Nothing of it must outlive the trial, so nothing must be safe on the disk. What it has written survives its own
    # end all the same, because the machine goes on.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # A database of a trial lives for moments, and nobody needs to tidy it up.
    "autovacuum": "off",
}


class NoPostgresql(Exception):
    """There is no PostgreSQL here. The message says what is missing."""


class DoesNotStart(Exception):
    """The server was started and has ended, or does not answer. The message has its log."""


def programs() -> Path:
    """The folder of the programs, the newest where there are several.

    Raises:
        NoPostgresql: PostgreSQL is not installed here.
    """
    found = [
        path for place in _PLACES for path in sorted(Path("/").glob(place.lstrip("/"))) if (path / "initdb").exists()
    ]
    if found:
        return found[-1]
    if program := shutil.which("initdb"):
        return Path(program).parent
    raise NoPostgresql("PostgreSQL is not installed here (there is no initdb)")


def user() -> str | None:
    """The user who runs the server: PostgreSQL refuses to run as root. None for the user of this process.

    Raises:
        NoPostgresql: this process belongs to root, and there is nobody else.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        if subprocess.run(["id", name], capture_output=True, check=False).returncode == 0:
            return name
    raise NoPostgresql("root must not run PostgreSQL, and there is no user postgres or nobody")


@dataclass
class Server:
    """A server that can be started, ended, and started again. Its folder must belong to its user."""

    folder: Path
    programs: Path
    user: str | None
    options: Mapping[str, str] = field(default_factory=lambda: OPTIONS)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def address(self) -> str:
        """The address of its database `postgres`."""
        return f"postgresql://certpath@/postgres?host={self.folder}"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def make(self) -> None:
        """Makes its data folder.

        Raises:
            DoesNotStart: it cannot be made.
        """
        cluster = ("--username", "certpath", "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--wal-segsize", "1")
        command = [str(self.programs / "initdb"), "--pgdata", str(self.data), *cluster]
        done = subprocess.run(command, user=self.user, capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode:
            raise DoesNotStart(f"initdb ended with {done.returncode}: {done.stdout}{done.stderr}")

    def start(self) -> None:
        """Starts it. It ends with the thread that calls this, so call it in the main thread."""
        options = {**self.options, "unix_socket_directories": str(self.folder)}
        command = [str(self.programs / "postgres"), "-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in options.items()]
        with self.log.open("ab") as output:
            # Whoever started it may be killed. SIGQUIT ends the server at once, and it leaves no shared memory behind.
            self._process = subprocess.Popen(
                leashed(command, user=self.user, ending=signal.SIGQUIT),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C must not reach it, because whoever started it ends it
            )

    def wait_until_it_answers(self) -> None:
        """Waits until it takes connections.

        Raises:
            DoesNotStart: it has ended, or is not ready in time.
        """
        engine = create_engine(self.address)
        given_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                engine.connect().close()
            except OperationalError as error:
                if not self.running or time.monotonic() > given_up_at:
                    raise DoesNotStart(f"PostgreSQL did not start: {self.log.read_text()}") from error
                time.sleep(0.05)
            else:
                break
        engine.dispose()

    def end(self) -> None:
        """Ends it at once, as a crash would: it cuts every connection and tidies nothing up."""
        if self._process is None:
            return
        self.thaw()
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(_PATIENCE_SECONDS)

    def freeze(self) -> None:
        """Stops every process of the server where it stands: it accepts connections, and answers nothing."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen server go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        if not self.running or self._process is None:
            return
        # The first one first, so that it starts no more processes.
        os.kill(self._process.pid, number)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for child in children.read_text().split() if children.exists() else []:
            try:
                os.kill(int(child), number)
            except ProcessLookupError:
                continue  # it has just ended
