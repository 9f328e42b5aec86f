"""One message to many candidacies: found once, and sent to each."""

import asyncio
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from client import finding, rpc_errors
from client.bulk import outcomes
from client.bulk.act import Plan, Tell, foreseen, outcome_of
from client.bulk.outcomes import Files, Item, Kind, Outcome
from client.candidacy import Candidacy
from client.errors import BadInput, ClientError, Closed, FieldError, InvalidFields
from client.list_language import Filter, Run
from client.payloads import with_message_id
from domain.messages import InvalidMessage, check_times, parse_message
from domain.vocabulary import CLOSED

COLUMNS = ("number", "candidate_id", "designation", "message_id", "command")
_OLDER_COLUMNS = COLUMNS[:-1]
"""Those of an older build, which did not write down to which command a line belongs."""
GOOD = frozenset({Kind.TAKEN, Kind.DUPLICATE, Kind.WOULD_BE_TAKEN, Kind.WOULD_BE_HELD, Kind.CANNOT_BE_FORESEEN})
_MAY_NOT_ASK = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED)
_PAUSE_SECONDS = 1.0
"""Between two looks at the list, which may be so far behind."""
_TRIED_AGAIN = (Kind.NOT_REACHED, Kind.FAILED)
_MAX_ID = 128
_AGAIN = re.compile(r"-\d{8}T\d{6}", re.ASCII)
"""What `again` puts behind the message id, so that it is another message."""
_LENGTH_OF_AGAIN = 16


class ForEverybody(BadInput):
    """A message to many has no filter: it would go to everybody."""


class OnlyClosed(BadInput):
    """A message to many is for closed candidacies alone, which take no messages any more."""


@dataclass(frozen=True)
class Letter:
    """One message and those it is for. `text` is the payload as JSON; made by `letter`, which checks it."""

    message: str
    text: bytes
    wanted: Filter

    def content(self, server: str) -> str:
        """What the act is known by: the same letter on the same server is the same act, today and tomorrow.

        A part that a filter gets later stands behind the others, and only where it is given: otherwise a `message` that
        was interrupted would be another act for the build after it.
        """
        wanted = self.wanted
        filters = [list(wanted.statuses), list(wanted.designations), str(wanted.due_within or ""), wanted.attention]
        document = [server, self.message, self._payload, *filters, wanted.raw or ""]
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]

    def message_id(self, content: str) -> str:
        """The id of the message: the payload's own, or one made of the content. A null is none."""
        own: str = self._payload.get("message_id", f"bulk-{content}")
        return own

    @property
    def _payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.text)
        return {name: value for name, value in payload.items() if name != "message_id" or value is not None}


def letter(message: str, text: bytes, wanted: Filter) -> Letter:
    """The letter, known to be one that the engine understands: a mistake must not be told a thousand times.

    Raises `BadInput`: `NotJson`, `InvalidFields`, `ForEverybody` or `OnlyClosed`.
    """
    with_message_id(text)  # says in plain words what is no JSON object
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        check_times(message, parse_message(message, text), datetime.now(UTC))
    except InvalidMessage as error:
        errors = [FieldError(one.field, one.problem) for one in error.problems]
        raise InvalidFields(f"{message} has mistakes, so nothing was sent:", errors) from error
    if wanted == Filter():
        raise ForEverybody(f"{message} would go to everybody: say for whom.")
    if wanted.statuses and set(wanted.statuses) <= set(CLOSED):
        raise OnlyClosed(f"{', '.join(wanted.statuses)}: a closed candidacy takes no messages any more.")
    return Letter(message, text, wanted)


async def plan(
    client: Client, letter: Letter, *, outcome: Path | None = None, again: bool = False, dry_run: bool = False
) -> Plan[Item]:
    """The plan to send the letter to every open candidacy that it is for, found now or when it was first carried out.

    `outcome` is the outcome file, if not the usual one in `outcomes.FOLDER`; `again` does a finished act anew. Raises
    `BadInput` where the file is that of another letter, `Unreachable`, and as `finding.candidacies` does.
    """
    digest = letter.content(await _server(client))
    path = outcome or outcomes.FOLDER / f"{letter.message}-{digest}.outcome.csv"
    before = _before(path, letter, digest)
    if again and all(map(_done, before.values())):
        before = {}  # an act that was begun with `again`, and is not finished, goes on
    lines = list(before) or await _found(client, letter, digest, again=again)
    items = [Item(number, line) for number, line in enumerate(lines, start=1)]
    known = {item.number: before[item.cells] for item in items if before and _done(before[item.cells])}
    return Plan(
        files=Files(outcomes.of_dry_run(path) if dry_run else path, before=path),
        columns=COLUMNS,
        items=items,
        good=GOOD,
        things=[item for item in items if item.number not in known],
        work=_Addressing(client, letter, dry_run=dry_run).one,
        known=known,
    )


def _before(path: Path, letter: Letter, digest: str) -> dict[tuple[str, ...], Outcome]:
    """What the outcome file says of the candidacies of an earlier run. Raises `BadInput` if it is another letter's."""
    found = {line[1:]: found.outcome for line, found in outcomes.read(path, COLUMNS).items()}
    older = {line[1:]: found.outcome for line, found in outcomes.read(path, _OLDER_COLUMNS).items()}
    if any(cells[-1] != digest for cells in found) or not all(_is_of(letter, digest, cells[-1]) for cells in older):
        raise BadInput(f"{path} is the outcome of another command: choose another with --outcome.")
    return found or {(*cells, digest): outcome for cells, outcome in older.items()}


def _is_of(letter: Letter, digest: str, message_id: str) -> bool:
    """Whether a message id that an older build wrote down is one of this letter."""
    own = letter.message_id(digest)
    return message_id == own or (message_id.startswith(own) and bool(_AGAIN.fullmatch(message_id[len(own) :])))


async def _found(client: Client, letter: Letter, digest: str, *, again: bool) -> Sequence[tuple[str, ...]]:
    message_id = letter.message_id(digest)
    if again:
        message_id = f"{message_id[: _MAX_ID - _LENGTH_OF_AGAIN]}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    found = await _everyone(client, replace(letter.wanted, run=Run.OPEN))
    return [(*candidacy, message_id, digest) for candidacy in sorted(found)]


async def _everyone(client: Client, wanted: Filter) -> set[Candidacy]:
    """Everybody whom the filter finds, asked for until nobody new is found.

    The newest runs stand first in the list. A candidacy that begins a new run while the list is read, page by page,
    comes to stand on a page that was read already, or for a moment in no list.
    """
    found: set[Candidacy] = set()
    while True:
        once_more = {entry.candidacy async for entry in finding.candidacies(client, wanted)}
        if once_more <= found:
            return found
        found |= once_more
        await asyncio.sleep(_PAUSE_SECONDS)


class _Addressing:
    """One letter on its way."""

    def __init__(self, client: Client, letter: Letter, *, dry_run: bool) -> None:
        self._client = client
        self._letter = letter
        self._dry_run = dry_run

    async def one(self, item: Item, tell: Tell) -> None:
        tell(item, await self._outcome(item))

    async def _outcome(self, item: Item) -> Outcome:
        candidate_id, designation, message_id, _ = item.cells
        candidacy = Candidacy(candidate_id, designation)
        payload = with_message_id(self._letter.text, message_id)
        try:
            if self._dry_run:
                return await self._foreseen(candidacy, payload)
            receipt = await candidacy.update(self._client, self._letter.message, payload)
        except ClientError as error:
            return await outcome_of(self._client, error)
        if receipt.duplicate:
            return Outcome(Kind.DUPLICATE)
        return Outcome(Kind.TAKEN, ", ".join(receipt.events))

    async def _foreseen(self, candidacy: Candidacy, payload: bytes) -> Outcome:
        try:
            await candidacy.check_open(self._client)
        except Closed as closed:
            # An earlier run of the same letter may have closed it.
            await candidacy.receipt_before(self._client, self._letter.message, payload, closed)
            return Outcome(Kind.DUPLICATE)
        found = await candidacy.foresee(self._client, self._letter.message, [payload])
        return foreseen(found[0] if found else None)


async def _server(client: Client) -> str:
    """An id unique to this server, so that a rehearsal on a test server does not count as done in production.

    Who may not ask for it gets the address in its place. After a passing error the address would make another act of
    the same letter. Raises as `rpc_errors.explained` says.
    """
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        return (await client.workflow_service.describe_namespace(request, retry=True)).namespace_info.id
    except RPCError as error:
        if error.status not in _MAY_NOT_ASK:
            raise rpc_errors.explained(error) from error
        return f"{client.service_client.config.target_host} {client.namespace}"


def _done(outcome: Outcome) -> bool:
    return outcome.kind not in _TRIED_AGAIN
