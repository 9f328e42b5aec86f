"""The text of a file or of stdin, bounded; whatever is no UTF-8 text is told apart and refused, with what to do."""

import io
import stat
import sys
from pathlib import Path
from typing import NoReturn

from cli import exits

MAX_BYTES = 64 * 1024 * 1024
"""More is refused before it is read."""
MAX_LINE = 1_000_000
"""Characters. No honest row comes near it; a file without line breaks would."""

_AS_CSV = 'save it as "CSV UTF-8"'
_STARTS = {
    b"PK\x03\x04": f"is a spreadsheet or a zip archive, not text: open it in the spreadsheet program and {_AS_CSV}",
    b"\xd0\xcf\x11\xe0": f"is an old spreadsheet (.xls), not text: open it in the spreadsheet program and {_AS_CSV}",
    b"\x1f\x8b": "is compressed (gzip): unpack it first",
    b"\xff\xfe": f"is UTF-16, not UTF-8: {_AS_CSV}",
    b"\xfe\xff": f"is UTF-16, not UTF-8: {_AS_CSV}",
    b"%PDF": f"is a PDF document, not a table: {_AS_CSV} where it was made",
}


def shown(source: str) -> str:
    """What to call the source in a sentence."""
    return "standard input" if source == "-" else source


def lines(source: str) -> list[str]:
    """The lines of a file, or of stdin for "-", with their ends (LF, CRLF or CR) and without a byte order mark.

    Raises `exits.BadInput` where there is no such file, or it is empty, too large, or no UTF-8 text.
    """
    text = _decoded(source, _fetched(source))
    if not text.strip():
        _refuse(source, "is empty: there is not even a line that names the columns")
    # Not str.splitlines: that also splits at characters which a quoted cell may well hold.
    found = list(io.StringIO(text, newline=""))
    if max(map(len, found)) > MAX_LINE:
        number = next(number for number, line in enumerate(found, start=1) if len(line) > MAX_LINE)
        _refuse(
            source, f"has more than {MAX_LINE:,} characters in one line: give each row a line of its own", line=number
        )
    return found


def _refuse(source: str, problem: str, line: int | None = None) -> NoReturn:
    if line is None:
        raise exits.BadInput(f"{shown(source)} {problem}.")
    raise exits.BadInput(f"{shown(source)}, line {line}: {problem}.", line=line)


def _fetched(source: str) -> bytes:
    data = _from_stdin() if source == "-" else _from_file(source)
    if len(data) > MAX_BYTES:
        _too_large(source)
    return data


def _from_stdin() -> bytes:
    if sys.stdin is None:
        raise exits.BadInput("There is no standard input: name a file instead of -.")
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise exits.BadInput(f"standard input cannot be read: {error.strerror}.") from error


def _from_file(source: str) -> bytes:
    if not source:
        raise exits.BadInput("The name of the file is empty: name a file, or - for standard input.")
    try:
        path = Path(source)
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            _refuse(source, "is a folder: name a file in it")
        if about.st_size > MAX_BYTES:
            _too_large(source)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise exits.BadInput(f"{source} does not exist: check the name and the folder.") from error
    except PermissionError as error:
        raise exits.BadInput(f"{source} may not be read: ask for permission, or copy it.") from error
    except OSError as error:
        raise exits.BadInput(f"{source} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a zero byte in the name
        raise exits.BadInput(f"{source!r} is no file name.") from error


def _too_large(source: str) -> NoReturn:
    _refuse(source, f"is larger than {MAX_BYTES // 1024**2} MB: split it, and give each part its first line")


def _decoded(source: str, data: bytes) -> str:
    for start, problem in _STARTS.items():
        if data.startswith(start):
            _refuse(source, problem)
    zero = data.find(b"\x00")
    if zero >= 0:
        if b"\x00" in (data[0:1], data[1:2]):
            _refuse(source, f"is UTF-16 or binary, not UTF-8 text: {_AS_CSV}")
        line, column = _position(data, zero)
        _refuse(source, f"a zero byte at column {column}, which no text has: {_AS_CSV}", line)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position counts from behind the byte order mark.
        at = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line, column = _position(data, at)
        _refuse(
            source,
            f"the character at column {column} is not UTF-8 (byte {data[at]:#04x}; the file may be Latin-1 or "
            f"Windows-1252): {_AS_CSV}",
            line,
        )


def _position(data: bytes, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte. All before it is UTF-8, or is counted as if it were."""
    before = data[:at].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
