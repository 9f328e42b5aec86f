"""`starter.py export`: every event after a position, for audits, warehouses and others who follow the record."""

import json
import sys

import click

from cli import exits, output
from cli.options import number, option, verb
from cli.recorded import record_for_reading
from record import store
from record.exporting import Exported, Form, exported
from views.plain import safe_json

_MOST = 999_999_999
_FLUSHED = 500

_ABOUT = """\
Prints every recorded event after a position, one JSON document in each line, in the order in which they were recorded.
The last line has the position to go on from the next time: no event ever appears at or below a position that was read.
"""
_HELP = """\
each line: position, workflow_id, enrolment, hash (of the chain of its candidacy), event (an entry as `timeline` has it)
--as-recorded: sequence, type, format, at and body in place of event. From these and `hash` the chain of each candidacy
           can be computed again (docs/record.md says how); the texts that people wrote are not in them
Names and addresses are in no event. A text that people wrote is "(erased)" where it was erased, and "(left out)" with
--no-texts. The position to go on from is said on stderr too, also where there was no event.

examples:
  ./starter.py export > events.jsonl
  ./starter.py export --since 48211 --limit 10000 --no-texts
"""


def _count(text: str) -> int:
    return number(text, 1, _MOST)


def _position(text: str) -> int:
    return number(text, 0, _MOST)


@verb("export", _ABOUT, _HELP)
@option(
    "--since",
    type=_position,
    default="0",
    metavar="POSITION",
    help="the last position that was read; 0: from the first",
)
@option("--limit", type=_count, metavar="NUMBER", help="at most so many events")
@option("--no-texts", is_flag=True, help="leave out the texts that people wrote")
@option("--as-recorded", is_flag=True, help="the events as they are stored, to compute their hashes again")
def command(since: int, limit: int | None, no_texts: bool, as_recorded: bool) -> int:
    """Read the record by the page, and print what is there."""
    if no_texts and as_recorded:
        raise click.UsageError("--as-recorded has no texts: leave --no-texts out")
    form = Form.AS_RECORDED if as_recorded else Form.WITHOUT_TEXTS if no_texts else Form.OPENED
    engine = record_for_reading()
    newest = store.newest_position(engine)
    if since > newest:
        raise exits.BadInput(
            f"--since {since}: the newest event has position {newest}. Where events were read beyond it, the record "
            "was restored from an older copy: read it anew from a position that both have.",
            newest=newest,
        )
    count, last = 0, since
    try:
        for one in exported(engine, since, form, limit):
            sys.stdout.write(f"{_line(one)}\n")
            count, last = count + 1, one.position
            if count % _FLUSHED == 0:
                sys.stdout.flush()
    finally:
        sys.stdout.flush()
        output.say(f"{'1 event' if count == 1 else f'{count:,} events'}. Go on with --since {last}.")
    return exits.DONE


def _line(one: Exported) -> str:
    # JSON escapes what UTF-8 cannot be sure of, so that each event is one line for every reader.
    return safe_json(json.dumps(one.document(), ensure_ascii=True, separators=(",", ":")))
