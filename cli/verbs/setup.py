"""`starter.py setup`: makes a namespace ready for Certpath."""

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from cli import exits, output
from cli.arguments import span

if TYPE_CHECKING:
    from temporalio.client import Client

_ABOUT = """\
Registers the search attributes that `list` and the Temporal UI need. Safe to repeat.

With --create-namespace it first makes the namespace (TEMPORAL_NAMESPACE), where the server has none of that name.
With --retention it says how long Temporal keeps a candidacy after it has closed; it may be changed later.
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "setup",
        help="register the search attributes; safe to repeat",
        description=_ABOUT,
        epilog="example:\n  ./starter.py setup --create-namespace --retention 1826d\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--create-namespace", action="store_true", help="make the namespace where it does not exist")
    parser.add_argument(
        "--retention", type=span, metavar="SPAN", help="how long closed candidacies are kept, e.g. 1826d"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Makes the namespace where that is asked for, and registers what is missing in it."""
    from cli.session import connected
    from runtime.namespaces import SHORTEST_RETENTION

    if args.create_namespace and args.retention is None:
        raise exits.BadInput(
            "A new namespace needs to know how long it keeps closed candidacies: add --retention, e.g. 1826d."
        )
    if args.retention is not None and args.retention < SHORTEST_RETENTION:
        raise exits.BadInput(
            "Closed candidacies must be kept for a day at least: give --retention in days, e.g. 1826d."
        )

    async def work(client: "Client") -> int:
        return await _setup(client, args.retention, create=args.create_namespace, as_json=args.json)

    return connected(work, namespace_exists=not args.create_namespace)


async def _setup(client: "Client", retention: timedelta | None, *, create: bool, as_json: bool) -> int:
    from runtime import namespaces, search_attributes
    from runtime.connection import CannotConnect

    try:
        namespace = await namespaces.ensure(client, retention, create=create) if retention else None
        if namespace == "created":
            await namespaces.until_known(client, lambda: search_attributes.registered(client))
        added = await search_attributes.register(client)
        if added:
            await namespaces.until_known(client, lambda: search_attributes.usable(client))
    except (CannotConnect, search_attributes.CannotRegister) as error:
        raise exits.Unreachable(str(error)) from error
    if as_json:
        asked = {"retention_days": retention.days, "namespace_was": namespace} if retention else {}
        output.document({"namespace": client.namespace, "added": added, **asked})
    else:
        made = f"{namespace}, closed candidacies are kept for {retention.days} days; " if retention else ""
        done = f"registered {', '.join(added)}" if added else "everything was registered already"
        output.say(f"Namespace {client.namespace}: {made}{done}.")
    return exits.DONE
