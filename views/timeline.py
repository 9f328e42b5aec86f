"""The answer of the `timeline` query: every event with its fields, and a summary of one plain line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.events import (
    AdvancementEnded,
    AdvancementRefused,
    AdvancementRequested,
    AssessmentFailed,
    AssessmentPassed,
    AttentionAcknowledged,
    AttentionRaised,
    BaseEvent,
    BorderDeferred,
    CandidacyClosed,
    CertificateExpired,
    CertificationLapsed,
    Certified,
    ContactUpdated,
    DeadlineExtended,
    Erased,
    ExperienceMet,
    ExperienceRecorded,
    LowerGaveWay,
    MessageRefused,
    NoShowRecorded,
    NoticeSuperseded,
    NoticeUndeliverable,
    PurchaseConfirmed,
    RecertificationReturned,
    RecertificationSubmitted,
    RecertificationWindowOpened,
    Recertified,
    Registered,
    Reinstated,
    ReminderDue,
    RenewalClosed,
    Replaced,
    ResultCorrected,
    ResultFacts,
    ResultHeld,
    ResultRecorded,
    ResultResolved,
    ResultVoided,
    RevisionOverdue,
    Revoked,
    SelfAssessmentRecorded,
    SettlementLifted,
    SettlementStarted,
    Superseded,
    Suspended,
    TestingWindowClosed,
    Withdrawn,
    WorkProductFailed,
    WorkProductPassed,
    WorkProductReturned,
    WorkProductSubmitted,
    type_of,
)
from domain.plurals import counted
from domain.vocabulary import AlarmKind
from views.entries import TimelineEntry
from views.plain import one_line

OLDER = "Older"
"""The type of the entry in place of events that the timeline leaves out."""


def timeline_view(events: Sequence[BaseEvent], omitted: int) -> list[TimelineEntry]:
    """The entries of the timeline, oldest event first. If older events are left out, the first entry says so."""
    entries = [entry_of(event) for event in events]
    if omitted and events:
        summary = f"{counted(omitted, 'older event')} {'is' if omitted == 1 else 'are'} not carried by this run"
        return [TimelineEntry.of(0, _instant(events[0].at), OLDER, summary, omitted=omitted), *entries]
    return entries


def entry_of(event: BaseEvent) -> TimelineEntry:
    """The entry of one event: its fields, and a summary of one plain line."""
    data = event.model_dump(mode="json", exclude={"sequence", "at", "type", "asked"}, exclude_none=True)
    if "programme" in data:
        data["scheme"] = data.pop("programme")["scheme"]
    data.pop("digest", None)
    for field in ("result", "previous"):
        if isinstance(data.get(field), dict):  # "previous" is a result, or the deadline before an extension
            data[field].pop("digest", None)
            data[field].pop("responses", None)
    return TimelineEntry(
        {
            "sequence": event.sequence,
            "at": _instant(event.at),
            "type": type_of(event),
            "summary": summary_of(event),
            **data,
        }
    )


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def summary_of(event: BaseEvent) -> str:
    """The event in one plain line. Line breaks in a reason or a comment become spaces."""
    sentence = SENTENCES.get(type(event), _later)
    return " ".join(one_line(sentence(event)).split())


def _later(event: BaseEvent) -> str:
    return f"{type_of(event)}: a newer build has recorded this event, and this build does not know it"


def result_words(result: ResultFacts) -> str:
    """A result in a few words, e.g. `81.66 %, passed`."""
    if result.outcome == "no_show":
        return "no-show"
    if result.outcome == "voided":
        return "voided"
    if result.score is None:
        return "not scored"
    return f"{result.score.shown} %, {'passed' if result.passed else 'not passed'}"


def replaced_words(replaced: Replaced, domain: str) -> str:
    """What a result replaces, in a few words: `revision 1 in People Management (81.66 %, passed)`."""
    score = "" if replaced.percentage is None else f"{replaced.percentage} %, "
    return f"revision {replaced.revision} in {domain} ({score}{'passed' if replaced.passed else 'not passed'})"


# --- one sentence for each type of event --------------------------------------------------------------------


def _registered(event: Registered) -> str:
    how = f", advancing from {event.advances_from}" if event.advances_from else ""
    return f"Registered for {event.designation} under scheme {event.programme.scheme}{how}"


def _purchase_confirmed(event: PurchaseConfirmed) -> str:
    return f"Purchase {event.reference} confirmed; the testing window runs to {event.deadline} inclusive"


def _deadline_extended(event: DeadlineExtended) -> str:
    moved = f"Testing deadline moved from {event.previous} to {event.deadline}"
    return f"{moved}, approved by {event.approved_by}: {event.reason}"


def _reminder_due(event: ReminderDue) -> str:
    return f"Reminder: {event.what}"


def _testing_window_closed(event: TestingWindowClosed) -> str:
    closed = f"The testing window closed at the end of {event.deadline}"
    return f"{closed}; what was taken or submitted inside it may still arrive"


def _settlement_started(event: SettlementStarted) -> str:
    used = f"{counted(event.attempts, 'attempt')} at {event.domain} used without a pass"
    return f"{used}; corrections are awaited, then the candidacy closes"


def _settlement_lifted(event: SettlementLifted) -> str:
    return f"{event.domain} is no longer out of attempts"


def _border_deferred(event: BorderDeferred) -> str:
    over = {
        AlarmKind.LAPSE: "The grace period has ended",
        AlarmKind.END: "The time for renewal has ended",
        AlarmKind.RENEWAL_SETTLED: "The settlement of the renewal is over",
        AlarmKind.EXHAUSTED: f"The settlement of {event.domain} is over",
    }.get(event.alarm, "The settlement is over")
    return f"{over}, but nothing changes yet: {event.waits_for} is awaited"


def _candidacy_closed(event: CandidacyClosed) -> str:
    return f"Closed as {event.status.words}: {event.reason}"


def _withdrawn(event: Withdrawn) -> str:
    who = f"by {event.by}" if event.by else "at the person's own request"
    return f"Withdrawn {who}{f': {event.reason}' if event.reason else ''}"


def _contact_updated(event: ContactUpdated) -> str:
    return f"Contact details changed: {', '.join(event.changed)}"


def _self_assessment_recorded(event: SelfAssessmentRecorded) -> str:
    return f"Self-assessment of {event.domain}: {event.score.shown} %, {event.guidance}"


def _assessment_passed(event: AssessmentPassed) -> str:
    score = event.result.score
    return f"{event.result.domain} passed with {score.shown if score else '?'} % (result {event.result.result_id})"


def _assessment_failed(event: AssessmentFailed) -> str:
    again = f"; the next attempt may be taken from {event.next_attempt_on}" if event.next_attempt_on else ""
    score = event.result.score
    failed = (
        f"{event.result.domain} not passed with {score.shown if score else '?'} % (result {event.result.result_id})"
    )
    return f"{failed}, attempt {event.attempts}{again}"


def _no_show_recorded(event: NoShowRecorded) -> str:
    again = f"; the next attempt may be taken from {event.next_attempt_on}" if event.next_attempt_on else ""
    return f"{event.result.domain}: did not appear (result {event.result.result_id}), attempt {event.attempts}{again}"


def _result_voided(event: ResultVoided) -> str:
    return f"{event.result.domain}: attempt {event.result.result_id} voided by the vendor; it is not counted"


def _result_held(event: ResultHeld) -> str:
    result = f"Result {_named(event.result)}"
    held = "still held" if event.instead_of else "held"
    return f"{result} {held}: {event.explanation}{_replaces(event.replaces, 'accepting it replaces')}"


def _result_resolved(event: ResultResolved) -> str:
    verb = "accepted" if event.decision == "accept" else "rejected"
    result = f"Held result {_named(event.result)}"
    again = "; it does not count yet, because another reason has come since" if event.held_again else ""
    return f"{result} {verb} by {event.by}: {event.reason}{_replaces(event.previous, 'it replaces')}{again}"


def _named(result: ResultFacts) -> str:
    """The id of a result, and what it says in brackets; its revision where it is not the first."""
    revision = f"revision {result.revision}, " if result.revision > 1 else ""
    return f"{result.result_id} ({result.domain}, {revision}{result_words(result)})"


def _replaces(replaced: Replaced | None, verb: str) -> str:
    return f"; {verb} {replaced_words(replaced, replaced.domain)}" if replaced else ""


def _result_corrected(event: ResultCorrected) -> str:
    older, newer = _apart(event.previous, event.result)
    first = f"Result {event.result.result_id} ({event.result.domain}) corrected"
    if older == newer:
        return f"{first}: revision {event.result.revision} says the same as revision {event.previous.revision}, {newer}"
    return (
        f"{first}: revision {event.previous.revision} ({older}) gives way to revision {event.result.revision} ({newer})"
    )


def _apart(older: ResultFacts, newer: ResultFacts) -> tuple[str, str]:
    """Two revisions in words that say what differs: the domain and the moment too, where they differ."""
    found = []
    for result in (older, newer):
        words = [result_words(result)]
        if older.domain != newer.domain:
            words.insert(0, result.domain)
        if older.taken_at != newer.taken_at:
            words.append(f"taken at {_instant(result.taken_at)}")
        found.append(", ".join(words))
    return found[0], found[1]


def _result_recorded(event: ResultRecorded) -> str:
    result = f"Result {_named(event.result)} recorded"
    if event.superseded:
        return f"{result}; it changes nothing: a newer revision stands"
    counts = f"; it counts as attempt {event.attempt}" if event.attempt else ""
    # After an accepted correction, a holder's assessment may not be passed any more. The event does not tell.
    return (
        f"{result}{counts}; it changes nothing for the candidate: the assessment is passed, or the certificate stands"
    )


def _experience_recorded(event: ExperienceRecorded) -> str:
    when = f"counts from {event.met_on}" if event.met_on else "ended too early to count"
    differs = f"; it differs in {' and '.join(event.differs_in)} from the record before" if event.differs_in else ""
    return f"Experience recorded: {event.role} since {event.started_on}; it {when}{differs}"


def _experience_met(event: ExperienceMet) -> str:
    return f"Experience requirement met on {event.met_on}"


def _with_score(event: WorkProductPassed | WorkProductFailed) -> str:
    return f" with {event.score.shown} %" if event.score else ""


_Reviewed = WorkProductPassed | WorkProductFailed | WorkProductReturned | Recertified | RecertificationReturned


def _comments(event: _Reviewed) -> str:
    return f": {event.comments}" if event.comments else ""


def _work_product_submitted(event: WorkProductSubmitted) -> str:
    return f"Work product {event.submission_id} submitted"


def _work_product_returned(event: WorkProductReturned) -> str:
    returned = f"Work product {event.submission_id} returned for revision by {event.reviewer}"
    return f"{returned}; due on {event.due_on}{_comments(event)}"


def _revision_overdue(event: RevisionOverdue) -> str:
    late = "one that was submitted in time may still arrive"
    return f"The revision of work product {event.submission_id} was due on {event.due_on}; {late}"


def _work_product_passed(event: WorkProductPassed) -> str:
    return (
        f"Work product {event.submission_id} passed{_with_score(event)}, reviewed by {event.reviewer}{_comments(event)}"
    )


def _work_product_failed(event: WorkProductFailed) -> str:
    if event.cause == "revision-missed":
        return f"Work product {event.submission_id} counts as failed: its revision was not submitted in time"
    by = f", reviewed by {event.reviewer}" if event.reviewer else ""
    return f"Work product {event.submission_id} failed{_with_score(event)}{by}{_comments(event)}"


def _certified(event: Certified) -> str:
    return f"Certified: certificate {event.number}, effective on {event.certified_on}, expires on {event.expires_on}"


def _recertification_window_opened(event: RecertificationWindowOpened) -> str:
    opened = f"Recertification window opened under scheme {event.programme.scheme}"
    grace = f", grace runs to {event.grace_ends_on}" if event.grace_ends_on else ""
    return f"{opened}; the certificate expires on {event.expires_on}{grace}"


def _recertification_submitted(event: RecertificationSubmitted) -> str:
    count = "one activity" if event.activities == 1 else f"{event.activities} activities"
    late = "; it arrived too late to count from its submission" if event.counts_from else ""
    return f"Recertification {event.submission_id} submitted with {count}{late}"


def _recertification_returned(event: RecertificationReturned) -> str:
    return f"Recertification {event.submission_id} returned by {event.reviewer}{_comments(event)}"


def _recertified(event: Recertified) -> str:
    gap = f", with a gap from {event.gap_from}" if event.gap_from else ""
    if event.gap_to:
        gap += f" until {event.gap_to}, exclusive"
    return f"Recertified by {event.reviewer}: cycle {event.cycle} expires on {event.expires_on}{gap}{_comments(event)}"


def _certificate_expired(event: CertificateExpired) -> str:
    return f"The certificate expired at the end of {event.expired_on}; grace runs to {event.grace_ends_on}"


def _certification_lapsed(event: CertificationLapsed) -> str:
    return f"The grace period ended; the certification has lapsed and can be renewed until {event.ends_on}"


def _renewal_closed(event: RenewalClosed) -> str:
    return f"The last day of renewal, {event.ends_on}, is over; evidence submitted by then may still arrive"


def _suspended(event: Suspended) -> str:
    return f"Suspended by {event.by}: {event.reason}"


def _reinstated(event: Reinstated) -> str:
    return f"Reinstated by {event.by}: {event.reason}"


def _revoked(event: Revoked) -> str:
    return f"Revoked by {event.by}: {event.reason}"


def _advancement_requested(event: AdvancementRequested) -> str:
    return f"Advancement to {event.target} requested, purchase {event.reference}"


def _advancement_refused(event: AdvancementRefused) -> str:
    return f"Advancement to {event.target} could not be opened: {event.reason}"


def _advancement_ended(event: AdvancementEnded) -> str:
    return f"The advancement to {event.target} ended without a certificate: {event.status.words}"


def _lower_gave_way(event: LowerGaveWay) -> str:
    return f"The lower certificate gave way at {_instant(event.gave_way_at)}"


def _superseded(event: Superseded) -> str:
    return f"Superseded by certificate {event.by_number}"


def _erased(event: Erased) -> str:
    return f"Name, addresses and texts erased by {event.by}: {event.reason}"


def _notice_undeliverable(event: NoticeUndeliverable) -> str:
    return f"The notice {event.notice!r} about event {event.about} could not be delivered: {event.reason}"


def _notice_superseded(event: NoticeSuperseded) -> str:
    return f"The notice {event.notice!r} about event {event.about} gave way, unsent, to that about event {event.newer}"


def _message_refused(event: MessageRefused) -> str:
    return f"Message {event.message} refused ({event.code}): {event.reason}"


def _attention_raised(event: AttentionRaised) -> str:
    return f"Needs attention, {event.attention}: {event.reason}"


def _attention_acknowledged(event: AttentionAcknowledged) -> str:
    return f"{event.attention} acknowledged by {event.by}{f': {event.note}' if event.note else ''}"


SENTENCES: Mapping[type[BaseEvent], Callable[[Any], str]] = {
    Registered: _registered,
    PurchaseConfirmed: _purchase_confirmed,
    DeadlineExtended: _deadline_extended,
    ReminderDue: _reminder_due,
    TestingWindowClosed: _testing_window_closed,
    SettlementStarted: _settlement_started,
    SettlementLifted: _settlement_lifted,
    BorderDeferred: _border_deferred,
    CandidacyClosed: _candidacy_closed,
    Withdrawn: _withdrawn,
    ContactUpdated: _contact_updated,
    SelfAssessmentRecorded: _self_assessment_recorded,
    AssessmentPassed: _assessment_passed,
    AssessmentFailed: _assessment_failed,
    NoShowRecorded: _no_show_recorded,
    ResultVoided: _result_voided,
    ResultHeld: _result_held,
    ResultResolved: _result_resolved,
    ResultCorrected: _result_corrected,
    ResultRecorded: _result_recorded,
    ExperienceRecorded: _experience_recorded,
    ExperienceMet: _experience_met,
    WorkProductSubmitted: _work_product_submitted,
    WorkProductReturned: _work_product_returned,
    RevisionOverdue: _revision_overdue,
    WorkProductPassed: _work_product_passed,
    WorkProductFailed: _work_product_failed,
    Certified: _certified,
    RecertificationWindowOpened: _recertification_window_opened,
    RecertificationSubmitted: _recertification_submitted,
    RecertificationReturned: _recertification_returned,
    Recertified: _recertified,
    CertificateExpired: _certificate_expired,
    CertificationLapsed: _certification_lapsed,
    RenewalClosed: _renewal_closed,
    Suspended: _suspended,
    Reinstated: _reinstated,
    Revoked: _revoked,
    AdvancementRequested: _advancement_requested,
    AdvancementRefused: _advancement_refused,
    AdvancementEnded: _advancement_ended,
    LowerGaveWay: _lower_gave_way,
    Superseded: _superseded,
    Erased: _erased,
    NoticeSuperseded: _notice_superseded,
    NoticeUndeliverable: _notice_undeliverable,
    MessageRefused: _message_refused,
    AttentionRaised: _attention_raised,
    AttentionAcknowledged: _attention_acknowledged,
}
"""The sentence of each type of event. A test checks that none is missing."""
