"""`starter.py erase`: takes the personal data of one person away, in the record and in Temporal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click
from sqlalchemy import Engine

from cli import confirming, exits, output
from cli.options import CANDIDATE, json_option, option, verb
from cli.recorded import record_for_reading
from cli.session import connected
from client import histories, scheme
from client.candidacy import Candidacy
from client.connection import Client
from client.errors import ClientError
from record import erasure, leftovers
from record.erasure import Found, Standing, Today
from record.errors import Unavailable

_ABOUT = """\
Erases the name, the addresses and the texts of one person for good, in all candidacies at once: in the record, and in
the histories that Temporal still has. What proves past decisions stays under the candidate id, and the erasure stands
on the timeline. The scheme says how long after the end of a candidacy it is allowed (rules.erasure).
"""
_HELP = """\
Mails that went out, files of the office, copies of the databases, and other systems that follow the record are not
erased: docs/record.md says what is where, and for how long. On PostgreSQL the record is erased by the role that owns
its tables. The same again goes on where something was left, and else changes nothing.

--json:  one object: candidate_id, dry_run, enrolments (an array of workflow_id, enrolment, status, standing: allowed,
         erased, open, too-early or no-rule, as it was before; allowed_from; details, texts, addresses: how many),
         histories (how many runs Temporal had)

examples:
  ./starter.py erase C-1001 --by "Kim Stone" --reason 'asked for in writing' --dry-run
  ./starter.py erase C-1001 --by "Kim Stone" --reason 'asked for in writing' --yes
"""
_AGAIN = "The record has erased the person. Give the same command again: it erases what is left in Temporal."
_REMAINS = (
    "What was erased is in no table, but the file may have remains of it. Give the same command again, while fewer "
    "read and write the record: it removes them."
)


class Order(NamedTuple):
    """What is asked for."""

    candidate: str
    by: str
    reason: str
    dry_run: bool
    yes: bool
    as_json: bool


@verb("erase", _ABOUT, _HELP)
@click.argument("candidate", **CANDIDATE)
@option("--by", required=True, metavar="NAME", help="who decided it; never the person: it stays on the timeline")
@option("--reason", required=True, metavar="TEXT", help="why, without the person's name: it stays on the timeline")
@option("--dry-run", is_flag=True, help="say what would be erased, and erase nothing")
@option("--yes", is_flag=True, help="do not ask")
@json_option("print one JSON document")
def command(**given: Any) -> int:
    """Look, ask, and erase."""
    order = Order(**given)
    said = erasure.order(order.by, order.reason)
    engine = record_for_reading()
    today = Today(scheme.erasure_months(), scheme.facts().zone)
    found = erasure.look(engine, order.candidate, today, datetime.now(UTC))
    if not found:
        raise exits.NotFound(f"The record has no candidacy of {order.candidate}.")
    _check_allowed(order, found)
    new = any(one.standing is Standing.ALLOWED for one in found)

    async def work(client: Client) -> int:
        theirs = histories.candidacies(order.candidate, [one.candidacy.workflow_id for one in found])
        await _check_ended(client, theirs)
        runs = await histories.runs(client, theirs)
        _show(order, found, len(runs))
        if order.dry_run:
            return _ended(order, found, len(runs))
        if new or runs:
            _ask(order)
        if new:
            erasure.erase(engine, order.candidate, said, today, datetime.now(UTC))
        # The command may have ended before this when she was erased, so it is done also where nothing else is left.
        remains = _remove_leftovers(engine)
        try:
            await histories.delete(client, runs)
        except ClientError as error:
            raise exits.of(error, [_AGAIN]) from error
        if remains:
            raise exits.of_record(remains, [_REMAINS]) from remains
        return _ended(order, found, len(runs))

    return connected(work)


def _check_allowed(order: Order, found: Sequence[Found]) -> None:
    """Raises `exits.Refused` where one of the candidacies does not allow it."""
    if hindering := [one for one in found if one.hinders]:
        raise exits.Refused(
            f"{order.candidate} may not be erased; nothing was changed.",
            [_hindrance(one) for one in hindering],
            enrolments=[_document(one) for one in found],
        )


def _hindrance(one: Found) -> str:
    name = f"{one.candidacy.workflow_id} ({one.status})"
    if one.standing is Standing.OPEN:
        return f"{name} is open: only what has ended can be erased."
    if one.standing is Standing.TOO_EARLY:
        return f"{name} may be erased from {one.allowed_from} on: the scheme keeps it until then."
    return f"{name}: neither its scheme nor that of today says how long it is kept (rules.erasure)."


async def _check_ended(client: Client, theirs: Sequence[Candidacy]) -> None:
    """Raises `exits.Refused` where a workflow of the person still runs."""
    if running := await histories.running(client, theirs):
        names = ", ".join(one.workflow_id for one in running)
        raise exits.Refused(
            f"{names}: the workflow still runs: it sends its last notices, or begins a new candidacy. Try again when "
            "it has ended; nothing was changed."
        )


def _show(order: Order, found: Sequence[Found], runs: int) -> None:
    """What there is to erase, for whoever is asked or only looks."""
    if order.as_json:
        return
    for one in found:
        parts = f"contact details {one.details}, texts {one.texts}, addresses of notices {one.addresses}"
        is_gone = one.standing is Standing.ERASED
        output.line(f"{one.candidacy.workflow_id} ({one.status}): {'erased already' if is_gone else parts}")
    if runs:
        output.line(f"histories in Temporal: {runs}")


def _ask(order: Order) -> None:
    """Asks for a yes. Raises `exits.Stop` without one."""
    if order.yes:
        return
    if not confirming.can_ask():
        raise exits.BadInput("Not a terminal, so no confirmation is possible: check with --dry-run, then add --yes.")
    confirming.ask(f"Erase the name, the addresses and the texts of {order.candidate} for good?")


def _remove_leftovers(engine: Engine) -> Unavailable | None:
    """Returns why the file may still have remains of what was erased; None if it has none."""
    try:
        leftovers.remove(engine)
    except Unavailable as error:
        return error
    return None


def _ended(order: Order, found: Sequence[Found], runs: int) -> int:
    if order.as_json:
        document = {"candidate_id": order.candidate, "dry_run": order.dry_run}
        output.document({**document, "enrolments": [_document(one) for one in found], "histories": runs})
    elif order.dry_run:
        output.say("Nothing was erased: this was a dry run.")
    elif runs or any(one.standing is Standing.ALLOWED for one in found):
        output.say(
            f"{order.candidate} is erased. Mails, copies of the databases and other systems keep what they have."
        )
        if runs:
            output.say("Temporal deletes the histories within a minute: until then `status` may show what they hold.")
    else:
        output.say(f"{order.candidate} was erased before: nothing is left.")
    return exits.DONE


def _document(one: Found) -> dict[str, Any]:
    return {
        **one.candidacy.document,
        "status": one.status,
        "standing": one.standing.value,
        "allowed_from": one.allowed_from.isoformat() if one.allowed_from else None,
        "details": one.details,
        "texts": one.texts,
        "addresses": one.addresses,
    }
