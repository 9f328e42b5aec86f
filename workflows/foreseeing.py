"""Says what would come of messages, without taking them: for a dry run of a feed, or of a message to many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypedDict

from domain import rulebook
from domain.decision import Refused
from domain.digests import digest_of, matches
from domain.messages import InvalidMessage, check_times, check_vocabulary, parse_message
from workflows.journal import Journal, id_reused


class _Outcome(TypedDict):
    outcome: Literal["taken", "duplicate", "refused", "invalid", "open"]


class Foreseen(_Outcome, total=False):
    """What would come of one message, as the contract describes it."""

    events: list[str]
    code: str
    reason: str


def foresee(journal: Journal, name: str, payloads: Iterable[str], at: datetime) -> list[Foreseen]:
    """What would come of these messages at this instant (UTC), if they came one after another in this order.

    `name` is the name of them all, and `payloads` are their JSON texts. The journal does not change. The answers are
    those of the contract's query `foresee`.
    """
    state, contact = journal.state, journal.contact
    taken: dict[str, tuple[str, list[str]]] = {}  # the digests and events of those before, by message id
    answers: list[Foreseen] = []
    for payload in payloads:
        try:
            message = parse_message(name, payload.encode("utf-8", "replace"), state.vocabulary)
            check_vocabulary(name, message, state.vocabulary)
            check_times(name, message, at)
            key = message.message_id or ""
            known = journal.ledger.get(key)
            digest, events = (known.digest, known.events) if known else taken.get(key, ("", []))
            if digest:
                answers.append(_known(key, matches(digest, message), events))
                continue
            if rulebook.inquiry(state, message) is not None:
                answers.append({"outcome": "open", "reason": "it depends on something that is asked for first"})
                continue
            steps = rulebook.decide(state, message, at, contact=contact)
        except InvalidMessage as error:
            answers.append({"outcome": "invalid", "reason": str(error)})
            continue
        except Refused as error:
            answers.append(_refused(error))
            continue
        contact = contact.after(message, at, state.candidate_id)
        events = [type(step.event).__name__ for step in steps]
        if message.message_id is not None:
            taken[message.message_id] = (digest_of(message), events)
        answers.append({"outcome": "taken" if events else "duplicate", "events": events})
        state = steps[-1].state if steps else state
    return answers


def _known(message_id: str, same: bool, events: list[str]) -> Foreseen:
    return {"outcome": "duplicate", "events": events} if same else _refused(id_reused(message_id))


def _refused(error: Refused) -> Foreseen:
    return {"outcome": "refused", "code": error.code, "reason": error.reason}
