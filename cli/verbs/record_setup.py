"""`starter.py record setup`: makes the tables of the record, or brings them up to those of this build."""

from cli import exits, output
from cli.options import json_option, option, verb
from cli.recorded import settings
from record.opening import open_record
from record.revisions import revision
from record.roles import allow_to_record

_ABOUT = """\
Makes the tables of the record, or brings them up to those of this build. Safe to repeat.

A worker does the same when it records for the first time, if its role may. On PostgreSQL the workers should have a role
of their own, which owns no table and therefore can neither drop one nor switch off what protects the events: run this
command as the owner, before the workers of a new release start, and name that role with --worker.
"""
_HELP = """\
--json:  one object: revision (of the tables), worker (the role; null where none is named)

example:
  CERTPATH_RECORD_URL=postgresql://certpath@db.example.org/certpath \\
    ./starter.py record setup --worker certpath_worker
"""


@verb("setup", _ABOUT, _HELP)
@option("--worker", metavar="ROLE", help="the role of PostgreSQL that records events; it gets what a worker needs")
@json_option("print one JSON document")
def command(worker: str | None, as_json: bool) -> int:
    """Make the tables, and give the workers' role its rights."""
    engine = open_record(settings().record_url)
    try:
        there = revision(engine)
        if worker:
            allow_to_record(engine, worker)
    finally:
        engine.dispose()
    if as_json:
        output.document({"revision": there, "worker": worker})
    else:
        output.say(f"The tables of the record are there{f', and {worker} may record events' if worker else ''}.")
    return exits.DONE
