"""Gets the text of a file or of a stream, up to a size limit, and refuses whatever is not UTF-8 text."""

import io
import stat
from pathlib import Path, PurePath
from typing import BinaryIO, NamedTuple, NoReturn

from feeds.errors import FeedError

MAX_BYTES = 64 * 1024 * 1024
"""The size limit. A larger file is refused before it is read."""
MAX_LINE = 1_000_000
"""The longest line, in characters. No real row comes near it, but a file without line breaks would."""

_MARK = b"\xef\xbb\xbf"
_AS_CSV = 'save it as "CSV UTF-8"'
_STARTS = {
    b"PK\x03\x04": f"is a spreadsheet or a zip archive, not text: open it in the spreadsheet program and {_AS_CSV}",
    b"\xd0\xcf\x11\xe0": f"is an old spreadsheet (.xls), not text: open it in the spreadsheet program and {_AS_CSV}",
    b"\x1f\x8b": "is compressed (gzip): unpack it first",
    b"\xff\xfe": f"is UTF-16, not UTF-8: {_AS_CSV}",
    b"\xfe\xff": f"is UTF-16, not UTF-8: {_AS_CSV}",
    b"%PDF": f"is a PDF document, not a table: {_AS_CSV} where it was made",
}


class Source(NamedTuple):
    """Where the rows come from: a file, or a buffered binary stream that the caller has opened.

    `name` is what messages call the source. Without a stream it is also the path of the file.
    """

    name: str
    stream: BinaryIO | None = None

    @property
    def suffix(self) -> str:
        """The suffix of the file's name in lower case, with its dot. A stream has none."""
        return PurePath(self.name).suffix.lower() if self.stream is None else ""


class Content(NamedTuple):
    """The lines of a source, with their line ends (LF, CRLF or CR), and whether a byte order mark stood before them."""

    lines: list[str]
    mark: bool


def read_content(source: Source) -> Content:
    """Read all lines.

    Raises:
        FeedError: the file does not exist, cannot be read, is empty, is too large, or is not UTF-8 text.
    """
    data = _read_bytes(source)
    text = _decode(source, data)
    if not text.strip():
        _refuse(source, "is empty: there is not even a line that names the columns")
    # Not str.splitlines: it also splits at characters that a quoted cell may hold.
    lines = list(io.StringIO(text, newline=""))
    if max(map(len, lines)) > MAX_LINE:
        number = next(number for number, line in enumerate(lines, start=1) if len(line) > MAX_LINE)
        _refuse(
            source, f"has more than {MAX_LINE:,} characters in one line: give each row a line of its own", line=number
        )
    return Content(lines, mark=data.startswith(_MARK))


def _refuse(source: Source, problem: str, line: int | None = None) -> NoReturn:
    if line is None:
        raise FeedError(f"{source.name} {problem}.")
    raise FeedError(f"{source.name}, line {line}: {problem}.", line=line)


def _read_bytes(source: Source) -> bytes:
    data = _read_file(source) if source.stream is None else _read_stream(source, source.stream)
    if len(data) > MAX_BYTES:
        _refuse_size(source)
    return data


def _read_stream(source: Source, stream: BinaryIO) -> bytes:
    try:
        return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise FeedError(f"{source.name} cannot be read: {error.strerror}.") from error


def _read_file(source: Source) -> bytes:
    try:
        path = Path(source.name)
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            _refuse(source, "is a folder: name a file in it")
        if about.st_size > MAX_BYTES:
            _refuse_size(source)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise FeedError(f"{source.name} does not exist: check the name and the folder.") from error
    except PermissionError as error:
        raise FeedError(f"{source.name} may not be read: ask for permission, or copy it.") from error
    except OSError as error:
        raise FeedError(f"{source.name} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a zero byte in the name
        raise FeedError(f"{source.name!r} is no file name.") from error


def _refuse_size(source: Source) -> NoReturn:
    _refuse(source, f"is larger than {MAX_BYTES // 1024**2} MB: split it, and give each part its first line")


def _decode(source: Source, data: bytes) -> str:
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
        # The decoder counts its position from the first byte after the byte order mark.
        at = error.start + (len(_MARK) if data.startswith(_MARK) else 0)
        line, column = _position(data, at)
        _refuse(
            source,
            f"the character at column {column} is not UTF-8 (byte {data[at]:#04x}; the file may be Latin-1 or "
            f"Windows-1252): {_AS_CSV}",
            line,
        )


def _position(data: bytes, at: int) -> tuple[int, int]:
    """The line and the column of a byte, both counted from 1. A byte before it that is not UTF-8 counts as one."""
    before = data[:at].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
