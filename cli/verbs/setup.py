"""`starter.py setup`: registers the search attributes."""

import argparse
from typing import TYPE_CHECKING

from cli import exits, output

if TYPE_CHECKING:
    from temporalio.client import Client


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "setup",
        help="register the search attributes; safe to repeat",
        description="Registers the search attributes that `list` and the Temporal UI need. Safe to repeat.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Registers what is missing."""
    from cli.session import connected

    async def work(client: "Client") -> int:
        return await _setup(client, as_json=args.json)

    return connected(work)


async def _setup(client: "Client", *, as_json: bool) -> int:
    from runtime import search_attributes

    try:
        added = await search_attributes.register(client)
    except search_attributes.CannotRegister as error:
        raise exits.Unreachable(str(error)) from error
    if as_json:
        output.document({"namespace": client.namespace, "added": added})
    else:
        done = f"registered {', '.join(added)}" if added else "everything was registered already"
        output.say(f"Namespace {client.namespace}: {done}.")
    return exits.DONE
