"""`starter.py schema`: the JSON Schemas of the messages."""

import json
from pathlib import Path
from typing import Any

import click

from cli import exits, output
from cli.everyday import MESSAGES
from cli.options import meant, option, verb
from client import scheme
from views.schemas import REGISTRATION, Names, files, sent

_ABOUT = """\
Prints the JSON Schema of a message, made from the code that checks it. Without a name it prints all of them as one
JSON object, by name. Designations and domains are those of the scheme in force here (CERTPATH_SCHEME).
"""
_EXAMPLE = """\
example:
  ./starter.py schema record_assessment_result

names:
  """
_NAMES = (REGISTRATION, *MESSAGES)


def _name(name: str) -> str:
    if name in _NAMES:
        return name
    raise click.BadParameter(
        f"{name!r} is no message; {meant(name, _NAMES, 'see `./starter.py schema --help` for all')}"
    )


@verb("schema", _ABOUT, _EXAMPLE + "\n  ".join(_NAMES))
@click.argument("message", metavar="[MESSAGE]", required=False, type=_name)
@option("--write", metavar="FOLDER", help="write all of them, and an AsyncAPI document, as files into this folder")
def command(message: str | None, write: str | None) -> int:
    """Print one schema or all, or write the files."""
    names = Names(list(scheme.titles()), list(scheme.domains()))
    if write is not None:
        _write(Path(write), files(names))
        return exits.DONE
    schemas = sent(names)
    output.document(schemas[message] if message else schemas)
    return exits.DONE


def _write(folder: Path, documents: dict[str, dict[str, Any]]) -> None:
    """Write each document into its file. A schema of a message that is gone is removed. Raises `exits.BadInput`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.schema.json"):
            if file.name not in documents:
                file.unlink()
        for name, document in documents.items():
            (folder / name).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise exits.BadInput(f"{folder} cannot be written: {error.strerror}") from error
    output.say(f"{len(documents)} files are written to {folder}.")
