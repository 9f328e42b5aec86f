"""The figures of `summary`: how many stand where, pass rates by domain, and how long certification takes."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import output, tables
from client import scheme
from client.list_language import NO_STATUS
from client.scheme import Facts
from domain.plurals import counted
from domain.vocabulary import Status
from views.figures import Days, days_to_certificate, tries

if TYPE_CHECKING:
    from views.status import StatusView

RATE_COLUMNS = ("domain", "attempted", "passed", "pass rate", "passed at first", "first rate")

OTHERWISE = "(ended otherwise)"
ELSE = "(other)"

Counts = dict[tuple[str, str], int]
"""Numbers by designation and status; what has no designation or status is under one of the words above."""


class Rates:
    """How many have tried and passed each assessment, and the days from purchase and registration to certificate."""

    def __init__(self, known: Facts) -> None:
        self._known = known
        self.asked = 0
        self.left_out = 0
        self.domains: dict[str, dict[str, int]] = {}
        self.days: list[int] = []
        self.days_from_registration: list[int] = []

    def add(self, status: "StatusView") -> None:
        """Takes the answer of one candidacy."""
        self.asked += 1
        for domain, one in tries(status).items():
            tally = self.domains.setdefault(domain, {"attempted": 0, "passed": 0, "passed_first": 0})
            tally["attempted"] += one.attempts > 0
            tally["passed"] += one.passed
            tally["passed_first"] += one.passed and one.attempts == 1
        if days := days_to_certificate(status, self._known.zone):
            self.certify(days)

    def certify(self, days: Days, number: int = 1) -> None:
        """Takes so many certified candidacies, each of which took these days."""
        if days.from_purchase is not None:
            self.days.extend([days.from_purchase] * number)
        if days.from_registration is not None:
            self.days_from_registration.extend([days.from_registration] * number)


def middle(days: Sequence[int]) -> float | None:
    """The median; a whole number where it is one."""
    found = median(days) if days else None
    return int(found) if found is not None and found == int(found) else found


def rate(domain: str, tally: Mapping[str, int]) -> dict[str, Any]:
    """How a domain stands."""
    attempted = tally["attempted"]
    return {
        "domain": domain,
        "attempted": attempted,
        "passed": tally["passed"],
        "pass_rate": percentage(tally["passed"], attempted),
        "passed_first": tally["passed_first"],
        "first_rate": percentage(tally["passed_first"], attempted),
    }


def percentage(part: int, whole: int) -> str | None:
    """Truncated to two decimals, never rounded up (rule 8)."""
    if not whole:
        return None
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02}"


def percent(value: str | None) -> str:
    """A percentage as people read it."""
    return f"{value} %" if value is not None else "–"


def in_order(domains: Mapping[str, Any]) -> list[str]:
    """The domains in the order of the scheme; those that it does not have come last."""
    known = list(scheme.domains())
    return sorted(domains, key=lambda domain: (known.index(domain) if domain in known else len(known), domain))


class Summary(NamedTuple):
    """Everything that `summary` shows. `record` says how far the record is behind; None where Temporal was asked."""

    counts: Counts
    rates: Rates | None
    adds_up: bool
    record: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        rates = self.rates
        return {
            "counts": [
                {"designation": designation, "status": status, "count": count}
                for (designation, status), count in self.counts.items()
            ],
            "total": sum(self.counts.values()),
            "adds_up": self.adds_up,
            "asked": rates.asked if rates else None,
            "left_out": rates.left_out if rates else None,
            "pass_rates": self._rates(),
            "certification": {
                "certified": len(rates.days),
                "median_days": middle(rates.days),
                "median_days_from_registration": middle(rates.days_from_registration),
            }
            if rates
            else None,
            "record": self.record,
        }

    def _rates(self) -> list[dict[str, Any]] | None:
        rates = self.rates
        return [rate(domain, rates.domains[domain]) for domain in in_order(rates.domains)] if rates else None

    def lines(self) -> Iterator[dict[str, Any]]:
        """The same as one table: a line for each figure, see `FIELDS`."""
        for (designation, status), count in self.counts.items():
            yield line("count", count, designation=designation, status=status)
        for one in self._rates() or ():
            yield from rate_lines(one)
        if self.rates:
            for figure, value in self.document()["certification"].items():
                yield line(figure, value)

    def show(self) -> None:
        """Shows it to people."""
        counts = self.counts
        designations = list(dict.fromkeys(designation for designation, _ in counts))
        designations.sort(key=lambda code: (code == ELSE, code))
        statuses = [status for status in (*Status, NO_STATUS, OTHERWISE) if any(of == status for _, of in counts)]
        rows = [_count_row(counts, [status], designations, status) for status in statuses]
        if rows:
            last = _count_row(counts, statuses, designations, "total")
            tables.table(("status", *designations, "total"), [*rows, last])
        total = sum(counts.values())
        whole = "Closed ones count while Temporal keeps them." if self.record is None else "Closed ones count too."
        output.say(f"{total} {'candidacy' if total == 1 else 'candidacies'}. {whole}")
        if not self.adds_up:
            output.say("Candidacies changed their status while they were counted: the numbers do not add up exactly.")
        if self.rates:
            self._show_rates(self.rates)

    def _show_rates(self, rates: Rates) -> None:
        found = self._rates()
        if found:
            output.line()
            tables.table(RATE_COLUMNS, [_rate_row(one) for one in found])
        output.line()
        days, certified = middle(rates.days), len(rates.days)
        if days is None:
            output.line("None of them is certified yet.")
        else:
            output.line(
                f"From purchase to certification: {counted(days, 'day')} in the median, of {certified} certified."
            )
        since = middle(rates.days_from_registration)
        if since is not None:
            output.line(f"From registration to certification: {counted(since, 'day')} in the median.")
        if self.record is not None:
            return
        asked = "one candidacy that was" if rates.asked == 1 else f"{rates.asked} candidacies that were"
        output.say(f"Rates and median are taken from the {asked} asked.")
        if rates.left_out:
            output.say(
                f"{rates.left_out} more did not answer, and are left out: kept on a build without workers "
                "(`./starter.py upgrade`), or faults."
            )


FIELDS = ("since", "until", "figure", "designation", "status", "domain", "value")
"""The columns of `--csv`."""


def line(figure: str, value: Any, **of: Any) -> dict[str, Any]:
    """One figure, and what it is about."""
    return {**dict.fromkeys(FIELDS), "figure": figure, "value": value, **of}


def rate_lines(one: Mapping[str, Any], **of: Any) -> Iterator[dict[str, Any]]:
    """The figures of a domain, each a line."""
    for figure, value in one.items():
        if figure != "domain":
            yield line(figure, value, domain=one["domain"], **of)


def _count_row(counts: Counts, statuses: list[str], designations: list[str], label: str) -> tuple[str, ...]:
    numbers = [sum(counts.get((code, status), 0) for status in statuses) for code in designations]
    return (label, *(str(number) if number else "" for number in numbers), str(sum(numbers)))


def _rate_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        one["domain"],
        str(one["attempted"]),
        str(one["passed"]),
        percent(one["pass_rate"]),
        str(one["passed_first"]),
        percent(one["first_rate"]),
    )
