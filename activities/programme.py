"""Loads the scheme. Reading has no effect on the world, so doing it twice is harmless.

The file is read at each call: the body edits it while the worker runs, and the answer, pinned by value in the
history, is what a candidacy lives by from then on.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.requests import LOAD_PROGRAMME, LoadedProgramme, ProgrammeRequest
from domain.scheme import Scheme

_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is no setting of the scheme (misspelt?)",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text in quotes",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table of names and values",
    "model_type": "must be a table of names and values",
}


class SchemeError(ValueError):
    """The scheme file cannot be used. The message names the file and every wrong field, in plain words.

    `problem` is the message without the file's path: the end of a sentence that begins with "The scheme file".
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"The scheme file {path} {problem}.")
        self.problem = problem


def read_scheme(path: Path) -> Scheme:
    """The scheme of a TOML file, checked. Raises `SchemeError`."""
    try:
        # Decimal: a passing score of 74.99999999999999999 must not become 75 on the way in.
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return Scheme.model_validate(data)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SchemeError(path, f"cannot be read: {why}") from error
    except UnicodeDecodeError as error:
        raise SchemeError(path, "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise SchemeError(path, f"is not TOML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(_plain(problem) for problem in error.errors(include_url=False))
        raise SchemeError(path, f"is not valid: {problems}") from error


def _plain(problem: ErrorDetails) -> str:
    """One wrong field in plain words."""
    # "[key]" is pydantic's word for a name in a table that is wrong, the name itself stands before it.
    where = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    words = _PLAIN.get(problem["type"])
    if words is None:
        # A validator of ours that looks at the whole names its field itself.
        words = problem["msg"].removeprefix("Value error, ")
        words = words[:1].lower() + words[1:] if where else words
    return f"{where} {words}" if where else words


class ProgrammeLoader:
    """Answers with a designation's programme out of the scheme file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @activity.defn(name=LOAD_PROGRAMME)
    def load_programme(self, request: ProgrammeRequest) -> LoadedProgramme:
        """The programme of one designation.

        A broken file is retried: an operator mends it, and whoever enrolled meanwhile just waits. A
        designation that the scheme does not have is somebody's input: no retry would help.
        """
        try:
            scheme = read_scheme(self._path)
        except SchemeError as error:
            raise ApplicationError(str(error), type="SchemeInvalid") from None
        if request.designation not in scheme.designations:
            raise ApplicationError(
                f"The scheme {scheme.version} has no designation {request.designation!r}. "
                f"There are: {', '.join(scheme.designations)}.",
                type="UnknownDesignation",
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return LoadedProgramme(programme=scheme.programme(request.designation))
