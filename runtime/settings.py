"""The application's settings, read from the environment once and checked before anything starts.

Temporal's own settings (TEMPORAL_ADDRESS and the rest) are read by `temporalio.envconfig`, see `runtime/connection.py`.
This module imports only the standard library, because the command line must start quickly.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
"""The checkout, or the folder that the package is installed in. Defaults do not depend on the current folder."""

_INSTALLED = ROOT.name in ("site-packages", "dist-packages")
STATE = (
    Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "certpath"
    if _INSTALLED
    else ROOT / "var"
)
"""Where files go that Certpath writes, unless a setting says otherwise: `var/` of a checkout.

An installed package may belong to another user, and is replaced as a whole: it writes into the person's own folder.
"""


def record_in(folder: Path) -> str:
    """The address of a record that is a SQLite file of this folder."""
    return f"sqlite:///{folder / 'record.db'}"


LOG_FORMATS = ("console", "json")
LogFormat = Literal["console", "json"]
_MOST_CACHED_WORKFLOWS = 1_000_000


class SettingsError(ValueError):
    """A setting has a wrong value. The message is one line that says which variable, what is wrong and what to do."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process. All paths are absolute."""

    outbox: Path = STATE / "outbox"
    """CERTPATH_OUTBOX: the folder to which each notice is written as an .eml file; created when needed."""
    smtp_url: str | None = None
    """CERTPATH_SMTP_URL: a mail server that gets the notices instead, `smtp[s]://[user:password@]host[:port]`.

    Or CERTPATH_SMTP_URL_FILE: a file that holds this address, so that its password is in no environment. An address
    that would send its password without TLS is refused, unless CERTPATH_SMTP_INSECURE is 1.
    """
    scheme: Path = ROOT / "schemes" / "ciac.toml"
    """CERTPATH_SCHEME: the scheme file."""
    answer_keys: Path | None = None
    """CERTPATH_ANSWER_KEYS: the folder of answer keys. With None, results that have only responses are held."""
    record_url: str = record_in(STATE)
    """CERTPATH_RECORD_URL: the record's database, `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`.

    Or CERTPATH_RECORD_URL_FILE: a file that holds this address, so that its password is in no environment.
    """
    record_key: Path | None = None
    """CERTPATH_RECORD_KEY: a PEM file with the Ed25519 private key that signs the record's heads; None: unsigned."""
    log_format: LogFormat = "console"
    """CERTPATH_LOG_FORMAT: `console` for people, `json` for machines."""
    metrics_address: str | None = None
    """CERTPATH_METRICS_ADDRESS: `host:port` where the worker serves Prometheus metrics; None: nowhere."""
    health_address: str | None = None
    """CERTPATH_HEALTH_ADDRESS: `host:port` where the worker answers /live and /ready; None: nowhere."""
    cached_workflows: int = 1000
    """CERTPATH_CACHED_WORKFLOWS: how many candidacies one worker keeps in memory, at most 1,000,000.

    A candidacy that is not in memory is replayed from its history when its next message comes.
    """

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the CERTPATH_* variables; an empty one counts as not set. Raises `SettingsError`."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        default = cls()
        return cls(
            outbox=_outbox(given, default.outbox),
            smtp_url=_smtp_url(given),
            scheme=_existing(given, "CERTPATH_SCHEME", "file") or default.scheme,
            answer_keys=_existing(given, "CERTPATH_ANSWER_KEYS", "folder"),
            record_url=_record_url(given, default.record_url),
            record_key=_existing(given, "CERTPATH_RECORD_KEY", "file"),
            log_format=_log_format(given),
            metrics_address=_ip_address(given, "CERTPATH_METRICS_ADDRESS"),
            health_address=_address(given, "CERTPATH_HEALTH_ADDRESS"),
            cached_workflows=_cached_workflows(given, default.cached_workflows),
        )


def _outbox(given: Mapping[str, str], default: Path) -> Path:
    path = Path(given["CERTPATH_OUTBOX"]).expanduser().resolve() if "CERTPATH_OUTBOX" in given else default
    if path.exists() and not path.is_dir():
        raise SettingsError(f"CERTPATH_OUTBOX is {path}, which is not a folder: name a folder, or unset it.")
    return path


def _existing(given: Mapping[str, str], name: str, kind: Literal["file", "folder"]) -> Path | None:
    if name not in given:
        return None
    if name.endswith("_FILE") and "://" in given[name]:
        # Neither value is repeated: an address may hold a password, and a key is a secret.
        raise SettingsError(f"{name} holds an address: name the file that holds it.")
    if "-----BEGIN" in given[name]:
        raise SettingsError(f"{name} holds a key: name the file that holds it.")
    path = Path(given[name]).expanduser().resolve()
    if not (path.is_file() if kind == "file" else path.is_dir()):
        raise SettingsError(f"{name} is {path}, which is not a {kind} that exists: correct it, or unset it.")
    return path


def _smtp_url(given: Mapping[str, str]) -> str | None:
    name, url = "CERTPATH_SMTP_URL", given.get("CERTPATH_SMTP_URL")
    if from_file := _content(given, "CERTPATH_SMTP_URL_FILE"):
        if url is not None:
            raise SettingsError(
                "CERTPATH_SMTP_URL and CERTPATH_SMTP_URL_FILE both name a mail server: keep one of them."
            )
        name, url = "The address in the file CERTPATH_SMTP_URL_FILE", from_file
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"smtp", "smtps", "smtp+starttls"} and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:  # a port that is no number, or a name that no host can have
        usable = False
    if not usable:
        # The value is not repeated: it may hold a password.
        raise SettingsError(
            f"{name} is not a mail server's address: write smtp://host:25, or smtps://user:password@host:465."
        )
    if parts.scheme == "smtp" and parts.username and not _insecure(given):
        raise SettingsError(
            f"{name} would send its password without TLS: write smtps:// or smtp+starttls://,"
            " or set CERTPATH_SMTP_INSECURE=1 where nobody can listen."
        )
    return url


def _record_url(given: Mapping[str, str], default: str) -> str:
    """The record's address as it was given; `record.database` checks its form, which needs SQLAlchemy."""
    url = given.get("CERTPATH_RECORD_URL")
    if from_file := _content(given, "CERTPATH_RECORD_URL_FILE"):
        if url is not None:
            raise SettingsError(
                "CERTPATH_RECORD_URL and CERTPATH_RECORD_URL_FILE both name a database: keep one of them."
            )
        url = from_file
    return url or default


def _insecure(given: Mapping[str, str]) -> bool:
    value = given.get("CERTPATH_SMTP_INSECURE", "0")
    if value not in ("0", "1"):
        raise SettingsError(
            f"CERTPATH_SMTP_INSECURE is {value!r}: write 1 to send a password without TLS, or unset it."
        )
    return value == "1"


def _content(given: Mapping[str, str], name: str) -> str | None:
    """The content of the file that a variable names; None if the variable is not set or the file is empty."""
    if (path := _existing(given, name, "file")) is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise SettingsError(f"{name} is {path}, which cannot be read: {why}.") from error


def _log_format(given: Mapping[str, str]) -> LogFormat:
    value = given.get("CERTPATH_LOG_FORMAT", "console")
    if value not in LOG_FORMATS:
        raise SettingsError(f"CERTPATH_LOG_FORMAT is {value!r}: write console or json.")
    return cast(LogFormat, value)


def _address(given: Mapping[str, str], name: str) -> str | None:
    """The `host:port` to listen on; with no host, this machine's loopback address."""
    value = given.get(name)
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingsError(f"{name} is {value!r}: write host:port, or :port for this machine only.")
    return f"{host or '127.0.0.1'}:{port}"


def _ip_address(given: Mapping[str, str], name: str) -> str | None:
    """The same, for what takes no name of a host: Temporal's SDK serves the metrics, and asks nobody for an address."""
    address = _address(given, name)
    host = "" if address is None else address.rpartition(":")[0]
    if host and not _is_number(host):
        raise SettingsError(
            f"{name} is {given[name]!r}: write the host as an IP address (an IPv6 address in brackets), for example "
            "127.0.0.1:9464, or only :port for this machine."
        )
    return address


def _is_number(host: str) -> bool:
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return (ip_address(bare).version == 6) is (host == f"[{bare}]")
    except ValueError:
        return False


def _cached_workflows(given: Mapping[str, str], default: int) -> int:
    value = given.get("CERTPATH_CACHED_WORKFLOWS", str(default))
    # The length is checked first, because int() raises an error of its own for a number of thousands of digits.
    usable = value.isascii() and value.isdigit() and len(value) <= len(str(_MOST_CACHED_WORKFLOWS))
    if not (usable and 1 <= int(value) <= _MOST_CACHED_WORKFLOWS):
        raise SettingsError(
            f"CERTPATH_CACHED_WORKFLOWS is {value[:20]!r}: write a whole number from 1 to {_MOST_CACHED_WORKFLOWS}, "
            "the number of candidacies that a worker keeps in memory."
        )
    return int(value)
