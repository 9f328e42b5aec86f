"""`starter.py setup`: makes a namespace ready for Certpath."""

from datetime import timedelta

from cli import exits, output
from cli.options import json_option, option, span, verb
from cli.session import connected
from client.connection import Client
from domain.plurals import counted
from runtime import namespaces, search_attributes
from runtime.connection import CannotConnect
from runtime.namespaces import SHORTEST_RETENTION

_ABOUT = """\
Registers the search attributes that `list` and the Temporal UI need. Safe to repeat.

With --create-namespace it first makes the namespace (TEMPORAL_NAMESPACE), where the server has none of that name.
With --retention it says how long Temporal keeps a candidacy after it has closed; it may be changed later.
"""


@verb("setup", _ABOUT, "example:\n  ./starter.py setup --create-namespace --retention 1826d\n")
@option("--create-namespace", is_flag=True, help="make the namespace where it does not exist")
@option("--retention", type=span, metavar="SPAN", help="how long closed candidacies are kept, e.g. 1826d")
@json_option("print one JSON document")
def command(create_namespace: bool, retention: timedelta | None, as_json: bool) -> int:
    """Make the namespace where that is asked for, and register what is missing in it."""
    if create_namespace and retention is None:
        raise exits.BadInput(
            "A new namespace needs to know how long it keeps closed candidacies: add --retention, e.g. 1826d."
        )
    if retention is not None and retention < SHORTEST_RETENTION:
        raise exits.BadInput(
            "Closed candidacies must be kept for a day at least: give --retention in days, e.g. 1826d."
        )

    async def work(client: Client) -> int:
        return await _setup(client, retention, create=create_namespace, as_json=as_json)

    return connected(work, namespace_exists=not create_namespace)


async def _setup(client: Client, retention: timedelta | None, *, create: bool, as_json: bool) -> int:
    try:
        namespace = await namespaces.ensure(client, retention, create=create) if retention else None
        if namespace == "created":
            await namespaces.until_known(client, lambda: search_attributes.registered(client))
        added = await search_attributes.register(client)
        if added:
            await namespaces.until_known(client, lambda: search_attributes.usable(client))
    except search_attributes.OtherType as error:
        raise exits.Stop(str(error)) from error
    except (CannotConnect, search_attributes.CannotRegister) as error:
        raise exits.Unreachable(str(error)) from error
    if as_json:
        asked = {"retention_days": retention.days, "namespace_was": namespace} if retention else {}
        output.document({"namespace": client.namespace, "added": added, **asked})
    else:
        made = f"{namespace}, closed candidacies are kept for {counted(retention.days, 'day')}; " if retention else ""
        done = f"registered {', '.join(added)}" if added else "everything was registered already"
        output.say(f"Namespace {client.namespace}: {made}{done}.")
    return exits.DONE
