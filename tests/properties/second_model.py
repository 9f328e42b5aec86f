"""A second model of the results of one candidacy, written from the rulebook and its rulings alone.

It shares no code with the engine and is shaped otherwise: it keeps every content that was delivered as one `Entry`, and
works out everything else from all entries, each time that it is asked. It is slow and plain on purpose.
`test_second_model.py` plays the same steps through both and compares them.

Self-assessments are in it as well. Not in this model: other requirements than the assessments, and what becomes of a
holder.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Numbers:
    """The numbers of the scheme that this model needs. A mark is a fraction of 1."""

    marks: Mapping[str, Fraction]
    attempts: int
    wait_days: int
    window_months: int
    purchase_days: int
    settlement_days: int
    zone: str


@dataclass(frozen=True)
class Content:
    """What makes two deliveries the same (R16): neither the source nor the vendor's flag is part of it.

    `score` is a fraction of 1; None without a score. `form` stands for the answers of a result that is scored here.
    """

    domain: str
    taken_at: datetime
    outcome: str
    score: Fraction | None = None
    form: str | None = None


@dataclass(eq=False)
class Entry:
    """One content under one id and revision, and what has become of it.

    `fate` is one of: held, standing, replaced, rejected, outdated (a newer revision is known). `attempt` says whether a
    standing entry was taken as an attempt, which it stays for ever (R1). It is False for an entry that was recorded and
    left aside because the domain was passed before it. `waived` are the reasons that a person has accepted (R2).
    """

    result_id: str
    revision: int
    content: Content
    contradicted: bool
    arrival: int
    fate: str = "new"
    attempt: bool = False
    waived: set[str] = field(default_factory=set)

    @property
    def place(self) -> tuple[datetime, str]:
        """The order of rule 9."""
        return (self.content.taken_at, self.result_id)


@dataclass(eq=False)
class Hold:
    """One `ResultHeld`, and what a person decided about it: `decided` is the decision and who made it.

    `replaces` is what accepting it would replace, as things were then (R18).
    """

    number: int
    entry: Entry
    reasons: set[str]
    replaces: Entry | None
    open: bool = True
    decided: tuple[str, str] | None = None


class RefusedByModel(Exception):
    """The rules do not allow the step; the text of the exception is the code."""


class SecondModel:
    """The results of one candidacy on the standard path. Every public method is one step."""

    def __init__(self, numbers: Numbers, registered_at: datetime) -> None:
        self.numbers = numbers
        self.zone = ZoneInfo(numbers.zone)
        self.now = registered_at
        self.abandoned_at = self.end_of(self.day(registered_at) + timedelta(days=numbers.purchase_days))
        self.purchase_day: date | None = None
        self.extended_to: date | None = None
        self.certified = False
        self.closed: str | None = None
        self.entries: list[Entry] = []
        self.holds: list[Hold] = []
        self.self_assessed: list[tuple[str, datetime, Fraction]] = []
        """Each self-assessment once, in the order of arrival: its domain, its moment and its score."""
        self.used_up: dict[str, datetime] = {}
        """The domains without attempts, and when the settlement of each ends (R4)."""

    # --- the steps ----------------------------------------------------------------------------------------------

    def confirm_purchase(self, at: datetime) -> str:
        """Rule 13: what was held only for the purchase is now taken by itself."""
        self.check_open()
        if self.purchase_day is not None:
            raise RefusedByModel("already-confirmed")
        if self.end_of(self.last_day(self.day(at))) <= self.now:
            raise RefusedByModel("window-ended")
        self.purchase_day = self.day(at)
        self.settle()
        return "taken"

    def assess_oneself(self, domain: str, taken_at: datetime, score: Fraction) -> str:
        """Rule 16: any number of times, from the purchase on. The same again is a duplicate (R7)."""
        self.check_open()
        if self.purchase_day is None:
            raise RefusedByModel("purchase-not-confirmed")
        if (domain, taken_at, score) in self.self_assessed:
            return "duplicate"
        self.self_assessed.append((domain, taken_at, score))
        return "taken"

    def deliver(self, result_id: str, revision: int, content: Content, flag: bool | None) -> str:
        """A result arrives. Answers `duplicate` or `taken`; whether it is held is for `open_holds` to say."""
        self.check_open()
        contradicted = self.contradicts(content, flag)
        siblings = [entry for entry in self.entries if (entry.result_id, entry.revision) == (result_id, revision)]
        for known in siblings:
            if known.content == content:
                return self.deliver_again(known, contradicted)
        if self.purchase_day and content.taken_at >= self.window_ends_at():
            raise RefusedByModel("outside-window")  # conflict or not (R2)
        entry = Entry(result_id, revision, content, contradicted, len(self.entries))
        newer_stands = self.newer_stands(entry)
        self.entries.append(entry)
        reasons = self.reasons(entry)
        if newer_stands and not siblings:
            entry.fate = "outdated"
        elif not reasons:
            self.take(entry)
        else:
            if sum(sibling.fate == "held" for sibling in siblings) >= 5:
                self.entries.remove(entry)
                raise RefusedByModel("already-held")
            self.hold(entry, reasons)
        self.settle()
        return "taken"

    def deliver_again(self, known: Entry, contradicted: bool) -> str:
        """The same content under the same id and revision is a duplicate, whatever became of it (rule 11, R6).

        Without the contradiction of the first delivery, that reason goes away (R16).
        """
        if known.fate != "held" or not known.contradicted or contradicted or self.certified:
            return "duplicate"
        known.contradicted = False
        hold = self.hold_of(known)
        if "flag-contradicts-score" not in hold.reasons:
            return "duplicate"
        left = self.reasons(known) - known.waived
        hold.open = False
        if left:
            self.hold(known, left)
        else:
            self.take(known)
        self.settle()
        return "taken"

    def resolve(self, result_id: str, revision: int | None, decision: str, by: str, number: int | None) -> str:
        """A person decides on a hold (R2, R6, R7). Answers `duplicate`, `taken` or `held again`."""
        self.check_open()
        of_this = [
            hold for hold in self.holds if hold.entry.result_id == result_id and revision in (None, hold.entry.revision)
        ]
        if number is not None:
            of_this = [hold for hold in of_this if hold.number == number]
        if not of_this:
            raise RefusedByModel("not-held")
        if any(hold.decided == (decision, by) for hold in of_this):
            return "duplicate"
        waiting = [hold for hold in of_this if hold.open]
        if not waiting:
            raise RefusedByModel("not-held")
        if len({hold.entry.revision for hold in waiting}) > 1:
            raise RefusedByModel("which-revision")
        hold = waiting[0]
        if sum(other.entry.revision == hold.entry.revision for other in of_this) > 1:
            raise RefusedByModel("which-hold")
        entry = hold.entry
        if decision == "reject":
            hold.open, hold.decided = False, (decision, by)
            entry.fate = "rejected"
            self.settle()
            return "taken"
        if self.newer_stands(entry):
            raise RefusedByModel("newer-revision")
        if self.purchase_day is None:
            raise RefusedByModel("purchase-not-confirmed")
        if self.is_unscored(entry):
            raise RefusedByModel("cannot-score")
        hold.open, hold.decided = False, (decision, by)
        entry.waived |= hold.reasons
        since = self.reasons(entry) - entry.waived
        if since:
            self.hold(entry, since)
        else:
            self.take(entry)
        self.settle()
        return "held again" if since else "taken"

    def extend(self, until: date) -> str:
        """The deadline moves (rule 6). Whether it may is not for this model to say.

        What an overlap or a hold has deferred runs to the end of the new settlement; otherwise the end of used-up
        attempts stays as it is (R4).
        """
        self.extended_to = until
        for domain, ends_at in self.used_up.items():
            if ends_at <= self.now:
                self.used_up[domain] = self.window_settles_at()
        self.settle()
        return "taken"

    def pass_time(self, until: datetime) -> None:
        """Time passes, and each border on the way may close the candidacy."""
        while not self.closed and not self.certified:
            coming = [border for border in self.borders() if self.now < border <= until]
            if not coming:
                break
            self.now = min(coming)
            self.close_when_over()
        self.now = until

    # --- what can be asked --------------------------------------------------------------------------------------

    def open_holds(self) -> list[Hold]:
        """The holds that wait for a person."""
        return [hold for hold in self.holds if hold.open]

    def status(self, domain: str) -> str:
        """Rules 9 and 10."""
        if self.deciding(domain):
            return "passed"
        return "exhausted" if len(self.counted(domain)) >= self.numbers.attempts else "open"

    def next_attempt_on(self, domain: str) -> date | None:
        """The first day of another attempt; None where an attempt on that day could not count (R15)."""
        counted = self.counted(domain)
        if self.certified or self.closed or not counted or self.status(domain) != "open":
            return None
        day = self.day(counted[-1].content.taken_at) + timedelta(days=self.numbers.wait_days)
        if self.now >= self.window_ends_at() or day > self.deadline():
            return None
        if self.used_up and self.end_of(day - timedelta(days=1)) >= self.attempts_end_at():
            return None
        return day

    def counted(self, domain: str, without: Entry | None = None) -> list[Entry]:
        """The attempts that count, in their order: those up to the deciding pass, itself included (rules 9, 12).

        `without` is left out, as if it had never come.
        """
        deciding = self.deciding(domain, without)
        return [
            entry
            for entry in self.standing(domain, without)
            if self.uses_attempt(entry) and entry.attempt and (deciding is None or entry.place <= deciding.place)
        ]

    def deciding(self, domain: str, without: Entry | None = None) -> Entry | None:
        """The first pass (rule 9)."""
        for entry in self.standing(domain, without):
            if entry.attempt and self.is_pass(entry):
                return entry
        return None

    def standing(self, domain: str, without: Entry | None = None) -> list[Entry]:
        """Every accepted result of the domain, in the order of rule 9."""
        found = [
            entry
            for entry in self.entries
            if entry.fate == "standing" and entry.content.domain == domain and entry is not without
        ]
        return sorted(found, key=lambda entry: entry.place)

    # --- the rules ----------------------------------------------------------------------------------------------

    def reasons(self, entry: Entry) -> set[str]:
        """Every reason that holds this entry, which does not stand, as things are now (R2)."""
        found = set()
        if self.in_conflict(entry):
            found.add("conflict")
        if entry.contradicted:
            found.add("flag-contradicts-score")
        if self.is_unscored(entry):
            found.add("unscored")
        if self.newer_stands(entry):
            return found  # such an entry can only be rejected (R6), so that no rule about attempts matters
        if self.purchase_day is None or self.day(entry.content.taken_at) < self.purchase_day:
            found.add("before-purchase")
        if self.certified:
            found |= self.undoes_certified(entry)
        else:
            found |= self.wait_and_count(entry)
        return found

    def in_conflict(self, entry: Entry) -> bool:
        """Another content came before it under its id and revision, or stands there by now (rule 11, R6, R18)."""
        return any(
            other is not entry
            and (other.result_id, other.revision) == (entry.result_id, entry.revision)
            and (other.arrival < entry.arrival or other.fate == "standing")
            for other in self.entries
        )

    def undoes_certified(self, entry: Entry) -> set[str]:
        """After certification: a correction that takes the only pass of a domain away (rule 11, R14)."""
        old = self.stands_for(entry.result_id)
        if old is None or not self.is_pass(old) or self.newer_stands(entry):
            return set()
        domain = old.content.domain
        if self.is_pass(entry) and entry.content.domain == domain:
            return set()
        others = [other for other in self.standing(domain, old) if self.is_pass(other)]
        return set() if others else {"after-certification"}

    def wait_and_count(self, entry: Entry) -> set[str]:
        """Whether the wait between attempts or their number holds this entry (rule 10, R1, R17)."""
        old = self.stands_for(entry.result_id)
        if not self.uses_attempt(entry) or self.corrects_attempt(entry, old):
            return set()
        if self.is_after_pass(entry, old):
            return set()
        counted = self.counted(entry.content.domain, old)
        if self.is_pass(entry):
            counted = [other for other in counted if other.place < entry.place]
        found = set()
        if any(self.days_between(entry, other) < self.numbers.wait_days for other in counted):
            found.add("too-early")
        if len(counted) >= self.numbers.attempts:
            found.add("too-many-attempts")
        return found

    def corrects_attempt(self, entry: Entry, old: Entry | None) -> bool:
        """A correction of an attempt that stands is never judged again: same id, same domain, same day (R1)."""
        return (
            old is not None
            and old.attempt
            and self.uses_attempt(old)
            and old.content.domain == entry.content.domain
            and self.days_between(entry, old) == 0
        )

    def is_after_pass(self, entry: Entry, old: Entry | None) -> bool:
        """Whether the domain was passed before this entry was taken; `old` is what it takes the place of (R17)."""
        deciding = self.deciding(entry.content.domain, old)
        return deciding is not None and entry.place > deciding.place

    # --- what follows -------------------------------------------------------------------------------------------

    def take(self, entry: Entry) -> None:
        """The entry stands from now on, in the place of what stood under its id (rule 11)."""
        old = self.stands_for(entry.result_id)
        entry.attempt = self.corrects_attempt(entry, old) or not self.is_after_pass(entry, old)
        if old:
            old.fate = "replaced"
        entry.fate = "standing"
        self.end_lower_holds(entry)

    def hold(self, entry: Entry, reasons: set[str]) -> None:
        """The entry waits for a person, under a number of its own (R2)."""
        old = self.stands_for(entry.result_id)
        replaces = None if old is entry or self.newer_stands(entry) else old
        entry.fate = "held"
        self.holds.append(Hold(len(self.holds) + 1, entry, set(reasons), replaces))

    def end_lower_holds(self, entry: Entry) -> None:
        """A revision that is counted ends the holds of lower ones (R6)."""
        for hold in self.open_holds():
            if hold.entry.result_id == entry.result_id and hold.entry.revision < entry.revision:
                hold.open = False
                hold.entry.fate = "outdated"

    def settle(self) -> None:
        """Everything that follows by itself, until nothing does: exposed results, released holds, the certificate."""
        while self.judge_exposed() or self.release_one():
            pass
        if self.purchase_day and all(self.deciding(domain) for domain in self.numbers.marks):
            self.certified = True
        self.start_settlements()
        self.close_when_over()

    def judge_exposed(self) -> bool:
        """Judges the first result that was left aside after a pass which is gone (R1)."""
        for domain in self.numbers.marks:
            for entry in self.standing(domain):
                if entry.attempt or not self.uses_attempt(entry) or self.is_after_pass(entry, entry):
                    continue
                reasons = set() if self.certified else self.judged_alone(entry)
                if reasons:
                    self.hold(entry, reasons)
                    return True
                entry.attempt = True
                if not self.certified:
                    self.end_lower_holds(entry)
                return True
        return False

    def judged_alone(self, entry: Entry) -> set[str]:
        """The wait and the count for an entry that stands already, without what a person has waived."""
        return self.wait_and_count(entry) - entry.waived

    def release_one(self) -> bool:
        """Takes the first hold none of whose reasons is left; after certification none (R1).

        One that has other reasons by now is held once more, for these (R2).
        """
        if self.certified:
            return False
        for hold in sorted(self.open_holds(), key=lambda hold: hold.entry.place):
            now = self.reasons(hold.entry) - hold.entry.waived
            if now & hold.reasons:
                continue
            hold.open = False
            if now:
                self.hold(hold.entry, now)
            else:
                self.take(hold.entry)
            return True
        return False

    # --- the end of a candidacy ---------------------------------------------------------------------------------

    def start_settlements(self) -> None:
        """The used-up attempts of a domain have 14 days from the day on which that is found (rule 10, R4)."""
        for domain in self.numbers.marks:
            if self.certified or self.status(domain) != "exhausted":
                self.used_up.pop(domain, None)
            elif domain not in self.used_up:
                self.used_up[domain] = self.end_of(self.day(self.now) + timedelta(days=self.numbers.settlement_days))

    def attempts_end_at(self) -> datetime:
        """Of settlements that overlap the later end closes, that of the window included (R4)."""
        latest = max(self.used_up.values())
        return max(latest, self.window_settles_at()) if latest > self.window_ends_at() else latest

    def borders(self) -> list[datetime]:
        """The instants at which the candidacy may close."""
        if self.purchase_day is None:
            return [self.abandoned_at]
        return [self.window_settles_at()] + ([self.attempts_end_at()] if self.used_up else [])

    def close_when_over(self) -> None:
        """Rules 3, 4 and 10: closes the candidacy, unless what is undecided keeps it open."""
        if self.certified or self.closed:
            return
        if self.purchase_day is None:
            if self.now >= self.abandoned_at:
                self.closed = "abandoned"
        elif self.used_up:
            lost = [
                domain for domain in self.used_up if not any(self.saves(hold, domain) for hold in self.open_holds())
            ]
            if lost and self.now >= self.attempts_end_at():
                self.closed = "refused"
        elif self.now >= self.window_settles_at() and not any(map(self.keeps_open, self.open_holds())):
            self.closed = "timed_out"

    def keeps_open(self, hold: Hold) -> bool:
        """Whether it was taken in time. What was taken before the purchase keeps nothing open (rule 3, R3)."""
        return self.purchase_day is not None and self.day(hold.entry.content.taken_at) >= self.purchase_day

    def saves(self, hold: Hold, domain: str) -> bool:
        """Whether this hold could still pass that domain, or would give an attempt at it back (R4)."""
        if not self.keeps_open(hold) or self.newer_stands(hold.entry):
            return False
        if self.is_unscored(hold.entry) and hold.entry.content.domain == domain:
            return True
        imagined = copy.deepcopy(self)
        imagined.take(imagined.holds[hold.number - 1].entry)
        return imagined.status(domain) == "passed" or len(imagined.counted(domain)) < len(self.counted(domain))

    def overall(self) -> str:
        """The status of the candidacy; a holder is `certified` here, whatever the certificate's clocks say."""
        if self.closed:
            return self.closed
        if self.certified:
            return "certified"
        if self.purchase_day is None:
            return "awaiting_purchase"
        return "settling" if self.used_up or self.now >= self.window_ends_at() else "testing"

    def newest_self_assessment(self, domain: str) -> Fraction | None:
        """The score that counts (rule 16): of the newest moment, and there of the one that arrived last."""
        found = [
            (taken_at, place, score)
            for place, (its_domain, taken_at, score) in enumerate(self.self_assessed)
            if its_domain == domain
        ]
        return max(found)[2] if found else None

    # --- small questions ----------------------------------------------------------------------------------------

    def day(self, instant: datetime) -> date:
        """The day in the body's zone."""
        return instant.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The exclusive end of a day in the body's zone (rule 2)."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)

    def last_day(self, bought_on: date) -> date:
        """The last day of the window: so many months later (rules 1, 2); the tests buy on no day after the 28th."""
        months = bought_on.month - 1 + self.numbers.window_months
        return bought_on.replace(year=bought_on.year + months // 12, month=months % 12 + 1)

    def deadline(self) -> date:
        assert self.purchase_day is not None
        return self.extended_to or self.last_day(self.purchase_day)

    def window_ends_at(self) -> datetime:
        return self.end_of(self.deadline())

    def window_settles_at(self) -> datetime:
        return self.end_of(self.deadline() + timedelta(days=self.numbers.settlement_days))

    def check_open(self) -> None:
        if self.closed:
            raise RefusedByModel("closed")

    def days_between(self, one: Entry, other: Entry) -> int:
        """Calendar days (rule 2), never negative."""
        return abs((self.day(one.content.taken_at) - self.day(other.content.taken_at)).days)

    def passes(self, content: Content) -> bool:
        """Rule 8: inclusive and exact."""
        return (
            content.outcome == "scored"
            and content.score is not None
            and content.score >= self.numbers.marks[content.domain]
        )

    def is_pass(self, entry: Entry) -> bool:
        return self.passes(entry.content)

    def contradicts(self, content: Content, flag: bool | None) -> bool:
        """The vendor's flag contradicts the score (rule 11). What has no score cannot be contradicted."""
        return content.score is not None and flag is not None and flag != self.passes(content)

    def is_unscored(self, entry: Entry) -> bool:
        return entry.content.outcome == "scored" and entry.content.score is None

    def uses_attempt(self, entry: Entry) -> bool:
        """A voided attempt is given back (rule 12)."""
        return entry.content.outcome != "voided"

    def stands_for(self, result_id: str) -> Entry | None:
        """What stands under this id; at most one revision does."""
        found = [entry for entry in self.entries if entry.fate == "standing" and entry.result_id == result_id]
        assert len(found) <= 1
        return found[0] if found else None

    def newer_stands(self, entry: Entry) -> bool:
        old = self.stands_for(entry.result_id)
        return old is not None and old.revision > entry.revision

    def hold_of(self, entry: Entry) -> Hold:
        return next(hold for hold in self.open_holds() if hold.entry is entry)
