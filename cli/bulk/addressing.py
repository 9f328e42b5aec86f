"""One message to many candidacies: found once, asked about, and sent to each."""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import exits, finding, output, sending
from cli.bulk import act, outcomes
from cli.bulk.outcomes import NOT_REACHED, Item
from cli.candidates import Candidacy
from cli.payloads import with_message_id
from domain.vocabulary import CLOSED
from runtime.settings import STATE

if TYPE_CHECKING:
    from temporalio.client import Client

COLUMNS = ("number", "candidate_id", "designation", "message_id")
_GOOD = frozenset({"taken", "duplicate", "would be sent"})
_TRIED_AGAIN = (NOT_REACHED, "failed")
_NAMED = 5


class Addressing:
    """One message and those it is for. Raises `exits.BadInput` where it cannot be understood, or is for everybody."""

    def __init__(self, args: argparse.Namespace, query: str) -> None:
        self._args = args
        self._query = query
        self._text = _checked(args.message, sending.read(args.payload))
        filters = [args.status, args.designation, str(args.due_within or ""), args.attention, args.query or ""]
        if not any(filters):
            raise exits.BadInput("Say for whom: --designation, --status, --due-within, --attention or --query.")
        if args.status and set(args.status) <= set(CLOSED):
            raise exits.BadInput(f"--status {', '.join(args.status)}: a closed candidacy takes no messages any more.")
        self._content: list[Any] = [args.message, json.loads(self._text), *filters]

    async def carry_out(self, client: "Client") -> int:
        """Find, ask, send; answers the exit code. Raises `exits.Stop`."""
        # The same command is the same act, today and tomorrow: it goes on, or has been done. On this server alone.
        content = json.dumps([await _server(client), *self._content], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        path = self._args.outcome or STATE / "outcomes" / f"{self._args.message}-{digest}.outcome.csv"
        before = {line[1:]: outcome for line, outcome in outcomes.read(path, COLUMNS).items()}
        if any(message_id.startswith("bulk-") and digest not in message_id for _, _, message_id in before):
            raise exits.BadInput(f"{path} is the outcome of another command: choose another with --outcome.")
        if self._args.again and all(map(_done, before.values())):
            before = {}  # an act that was begun with --again, and is not finished, goes on
        lines = list(before) or await self._found(client, self._content[1].get("message_id", f"bulk-{digest}"))
        items = [Item(number, line) for number, line in enumerate(lines, start=1)]
        known = {item.number: before[item.cells] for item in items if before and _done(before[item.cells])}
        if self._args.dry_run:
            path = Path(f"{str(path).removesuffix('.csv').removesuffix('.outcome')}.dry-run.csv")
        plan = act.Plan(f"Sending {self._args.message}", path, COLUMNS, items, _GOOD, known)
        left = [item for item in items if item.number not in known]
        self._ask(left, plan)

        async def one(item: Item, tell: act.Tell) -> None:
            tell(item, await self._outcome(client, item))

        return await act.carry_out(plan, left, one, self._args)

    async def _found(self, client: "Client", message_id: str) -> list[tuple[str, ...]]:
        query = finding.both(self._query, finding.OPEN)
        if self._args.again:
            from datetime import UTC, datetime

            message_id += f"-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        found = {(entry.candidate_id, entry.designation) async for entry in finding.candidacies(client, query)}
        return [(*candidacy, message_id) for candidacy in sorted(found)]

    def _ask(self, left: Sequence[Item], plan: act.Plan) -> None:
        """Says for how many it is, and asks. Raises `exits.Stop` where nobody says yes."""
        count = f"{len(left):,} open {'candidacy' if len(left) == 1 else 'candidacies'}"
        if plan.known:
            count = f"{count} left of {len(plan.items):,}, found when this command was first given"
        by_designation = Counter(item.cells[1] for item in left)
        parts = ", ".join(f"{number:,} {designation}" for designation, number in sorted(by_designation.items()))
        names = ", ".join(item.cells[0] for item in left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
        output.say(f"{self._args.message} for {count}" + (f": {parts} ({names})." if left else "."))
        if plan.known and not left:
            output.say("It was carried out already; --again does it anew.")
        if not left or self._args.dry_run or self._args.yes:
            return
        if not sending.can_ask():
            raise exits.BadInput("Nobody can be asked here: look with --dry-run, then add --yes.")
        sending.ask(f"Send it to {count}?")

    async def _outcome(self, client: "Client", item: Item) -> str:
        if self._args.dry_run:
            return "would be sent"
        candidate_id, designation, message_id = item.cells
        try:
            payload = with_message_id(self._text, message_id)
            receipt = await Candidacy(candidate_id, designation).update(client, self._args.message, payload)
        except exits.Stop as stop:
            return await act.outcome_of(client, stop)
        return "duplicate" if receipt["duplicate"] else f"taken: {', '.join(receipt['events'])}"


async def _server(client: "Client") -> str:
    """What no other server is known by: what a rehearsal has done is not done in earnest."""
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
    from temporalio.service import RPCError

    try:
        request = DescribeNamespaceRequest(namespace=client.namespace)
        return (await client.workflow_service.describe_namespace(request)).namespace_info.id
    except RPCError:  # not everybody may ask that
        return f"{client.service_client.config.target_host} {client.namespace}"


def _done(outcome: str) -> bool:
    return outcomes.kind_of(outcome) not in _TRIED_AGAIN


def _checked(message: str, text: bytes) -> bytes:
    """The payload, known to be one that the engine understands: a mistake must not be told a thousand times."""
    from datetime import UTC, datetime

    from domain.messages import InvalidMessage, check_times, parse_message

    with_message_id(text)  # says in plain words what is no JSON object
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        check_times(message, parse_message(message, text), datetime.now(UTC))
    except InvalidMessage as error:
        errors = [{"field": one.field, "problem": one.problem} for one in error.problems]
        notes = [f"{one.field}: {one.problem}" for one in error.problems]
        raise exits.BadInput(f"{message} has mistakes, so nothing was sent:", notes, errors=errors) from error
    return text
