"""Loads the scheme. Running this twice is harmless, because it only reads.

The file is read at each call, because the certification body edits it while the worker runs. A candidacy keeps the
programme that it got.
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
    """The scheme file cannot be used. The message names the file and every wrong field.

    `problem` is the same without the file's path. It completes a sentence that begins with "The scheme file".
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"The scheme file {path} {problem}.")
        self.problem = problem


def read_scheme(path: Path) -> Scheme:
    """The scheme of a TOML file, checked.

    Raises:
        SchemeError: the file cannot be read, or is not a valid scheme.
    """
    try:
        # As a float, a passing score of 74.99999999999999999 would become 75.
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return Scheme.of(data)
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
    # Pydantic adds "[key]" after the name of an entry when the name itself is wrong.
    where = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    words = _PLAIN.get(problem["type"])
    if words is None:
        # Our own validators of several fields name the field in their message.
        words = problem["msg"].removeprefix("Value error, ")
        words = words[:1].lower() + words[1:] if where else words
    return f"{where} {words}" if where else words


def current_scheme(path: Path) -> Scheme:
    """The scheme of the file as it is now, for an activity.

    Raises:
        ApplicationError: of type SchemeInvalid, for another attempt, once an operator has repaired the file.
    """
    try:
        return read_scheme(path)
    except SchemeError as error:
        raise ApplicationError(str(error), type="SchemeInvalid") from None


class ProgrammeLoader:
    """Loads a designation's programme from the scheme file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @activity.defn(name=LOAD_PROGRAMME)
    def load_programme(self, request: ProgrammeRequest) -> LoadedProgramme:
        """The programme of one designation.

        If the file is broken, the server repeats the attempt until an operator has repaired it; new candidacies wait
        meanwhile. If the scheme has no such designation, another attempt cannot help.

        Raises:
            ApplicationError: of type SchemeInvalid, for another attempt; of type UnknownDesignation, for none.
        """
        scheme = current_scheme(self._path)
        if request.designation not in scheme.designations:
            raise ApplicationError(
                f"The scheme {scheme.version} has no designation {request.designation!r}. "
                f"There are: {', '.join(scheme.designations)}.",
                type="UnknownDesignation",
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return LoadedProgramme(programme=scheme.programme(request.designation))
