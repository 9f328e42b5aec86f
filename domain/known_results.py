"""What the state remembers of results: which count, which are held, and which contents and decisions are known.

These are the folds of the events about results. Everything here is carried to each new run, so it is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain import requirements
from domain.events import ResultEvent, ResultFacts, ResultHeld, ResultRecorded, ResultResolved
from domain.messages import sha256_of
from domain.state import EndedHold, Held, State, revision_key
from domain.texts import folded, without_addresses
from domain.vocabulary import Attention, AttentionKind, HoldReason

# No real candidacy gets here.
MAX_RESULTS = 120
MAX_FORMER = 150
MAX_CONTENTS = 5
MAX_ENDED_HOLDS = 40

_HASH_LENGTH = 12


def is_known(state: State, facts: ResultFacts) -> bool:
    """Whether this content of this revision was taken, replaced, superseded or rejected before (rule 11, R6)."""
    current = state.current(facts.result_id)
    if current and _is_same(current, facts):
        return True
    return facts.digest in state.former.get(revision_key(facts.result_id, facts.revision), ())


def reason_hash(reason: str) -> str:
    """The beginning of the hash of a person's reason as it stands in the event. It tells the same message again."""
    return sha256_of(folded(without_addresses(reason)).encode())[:_HASH_LENGTH]


def on_counted(state: State, event: ResultEvent, waived: tuple[HoldReason, ...] = ()) -> State:
    """Adds a result to those that stand. It ends its own hold, and the holds of its lower revisions.

    `waived` are the reasons that a person has just accepted. Those accepted before are in its hold.
    """
    # No rule needs these fields again. The event keeps source and form.
    facts = event.result.model_copy(update={"responses": None, "source": None, "form": None})
    previous = state.current(facts.result_id)
    if previous and not _is_same(previous, facts):
        state = _remembered(state, [previous])
    before = [reason for hold in _holds_of(state, facts) if _is_same(hold.result, facts) for reason in hold.waived]
    state = _bounded(requirements.accepting(state, facts))
    state = _waiving(state, facts.result_id, (*before, *waived))
    ended = [
        hold
        for hold in _holds_of(state, facts)
        if hold.result.revision < facts.revision or _is_same(hold.result, facts)
    ]
    if ended:
        state = _end_holds(state, ended, EndedHold(key="", at=event.at))
    undone = Attention(AttentionKind.REQUIREMENT_UNDONE)
    if undone in state.attention and all(requirements.passed(state, domain) for domain in state.requirements.domains):
        state = state.resolving(undone)
    return state


def on_recorded(state: State, event: ResultRecorded) -> State:
    if event.superseded:
        facts = event.result
        own = [hold for hold in _holds_of(state, facts) if _is_same(hold.result, facts)]
        return _end_holds(_remembered(state, [facts]), own, EndedHold(key="", at=event.at))
    return on_counted(state, event)


def on_held(state: State, event: ResultHeld) -> State:
    """Holds a result. It takes the place of the hold that it continues.

    Lower revisions stay held beside it, because a person may still reject this one (R6, rule 9).
    """
    facts = event.result
    left = state.aside.get(facts.result_id)
    if left and _is_same(left, facts):
        state = _waiving(requirements.without(state, facts.result_id), facts.result_id, ())
    continued = [hold for hold in _holds_of(state, facts) if _is_same(hold.result, facts)]
    state = _end_holds(state, continued, EndedHold(key="", at=event.at))
    hold = Held(
        hold=event.sequence,
        result=facts,
        reasons=event.reasons or (event.reason,),
        waived=event.waived,
        unscored=event.unscored,
        since=event.at,
    )
    return state.having(held={**state.held, hold.hold: hold}).raising(hold.attention)


def on_resolved(state: State, event: ResultResolved) -> State:
    """Ends the hold that was decided; an accepted result then stands, unless it is held once more."""
    decided = [hold for hold in _holds_of(state, event.result) if event.hold in (None, hold.hold)]
    decision = EndedHold(key="", at=event.at, decision=event.decision, by=event.by, reason=reason_hash(event.reason))
    state = _end_holds(state, decided[:1], decision)
    if event.decision == "accept" and not event.held_again:
        return on_counted(
            state, event, tuple(reason for hold in decided[:1] for reason in (*hold.waived, *hold.reasons))
        )
    return state


def _waiving(state: State, result_id: str, waived: tuple[HoldReason, ...]) -> State:
    """Remembers what a person has waived for a result that was left aside, for the day when it is exposed (R2)."""
    if not waived and not state.aside_waived:
        return state
    known = {**state.aside_waived, result_id: waived}
    return state.having(aside_waived={key: value for key, value in known.items() if value and key in state.aside})


def _is_same(one: ResultFacts, other: ResultFacts) -> bool:
    """Whether two results of one id are the same revision with the same content."""
    return (one.revision, one.digest) == (other.revision, other.digest)


def _holds_of(state: State, facts: ResultFacts) -> list[Held]:
    return [hold for hold in state.held.values() if hold.result.result_id == facts.result_id]


def _end_holds(state: State, ended: list[Held], how: EndedHold) -> State:
    """Ends holds in the same way, and remembers their contents and the decision (R6, R7)."""
    if not ended:
        return state
    numbers = {hold.hold for hold in ended}
    known = {**state.ended_holds, **{hold.hold: how.model_copy(update={"key": hold.key}) for hold in ended}}
    held = {number: hold for number, hold in state.held.items() if number not in numbers}
    state = state.having(held=held, ended_holds=dict(list(known.items())[-MAX_ENDED_HOLDS:]))
    state = _remembered(state, [hold.result for hold in ended])
    still_held = {hold.result.result_id for hold in held.values()}
    for hold in ended:
        if hold.result.result_id not in still_held:
            state = state.resolving(hold.attention)
    return state


def _remembered(state: State, known: Iterable[ResultFacts]) -> State:
    """Remembers contents that do not stand any more, so that they are recognised when they come again (R6)."""
    former = dict(state.former)
    for facts in known:
        key = revision_key(facts.result_id, facts.revision)
        others = [digest for digest in former.pop(key, ()) if digest != facts.digest]
        former[key] = (*others, facts.digest)[-MAX_CONTENTS:]
    return state.having(former=dict(list(former.items())[-MAX_FORMER:]))


def _bounded(state: State) -> State:
    """At most `MAX_RESULTS` results: forgets the oldest that change nothing, because left aside or voided.

    If such a result is delivered again, it is recorded again, and changes nothing again.
    """
    surplus = len(state.results) + len(state.aside) - MAX_RESULTS
    if surplus <= 0:
        return state
    idle = [*state.aside, *(key for key, result in state.results.items() if result.outcome == "voided")]
    forgotten = set(idle[:surplus])
    return state.having(
        results={key: result for key, result in state.results.items() if key not in forgotten},
        aside={key: result for key, result in state.aside.items() if key not in forgotten},
    )
