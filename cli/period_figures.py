"""The figures of `summary` by period: who registered, was certified or left, how long it took, and pass rates."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from cli import output, tables
from cli.figures import in_order, line, middle, percent, percentage, rate_lines
from record.periods import Period, Tally

COLUMNS = ("from", "until", "registered", "certified", "closed", "days from purchase", "results", "passed", "pass rate")
RATE_COLUMNS = ("domain", "results", "passed", "pass rate", "no shows", "first", "passed at first", "first rate")

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
BY = tuple(_MONTHS)


def days_of(since: date, until: date, by: str | None) -> list[date]:
    """The days on which the periods between these two days begin, and the first day after them."""
    days = [since]
    while by and (following := _following(days[-1], _MONTHS[by])) <= until:
        days.append(following)
    return [*days, until + timedelta(days=1)]


def _following(day: date, months: int) -> date:
    """The first day of the next month, quarter or year."""
    first = day.year * 12 + (day.month - 1) // months * months + months
    return date(first // 12, first % 12 + 1, 1)


class Periods(NamedTuple):
    """The figures of some periods, and how far the record is behind."""

    periods: Sequence[Period]
    record: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "since": self.periods[0].since.isoformat(),
            "until": _last(self.periods[-1]).isoformat(),
            "periods": [_document(one) for one in self.periods],
            "record": self.record,
        }

    def lines(self) -> Iterator[dict[str, Any]]:
        """The same as one table: a line for each figure."""
        for one in map(_document, self.periods):
            of = {"since": one["since"], "until": one["until"]}
            for figure in ("registered", "certified"):
                for code, number in one[figure].items():
                    yield line(figure, number, designation=code, **of)
            for status, number in one["closed"].items():
                yield line("closed", number, status=status, **of)
            for figure in ("median_days", "median_days_from_registration"):
                yield line(figure, one["certification"][figure], **of)
            for rate in one["pass_rates"]:
                yield from rate_lines(rate, **of)

    def show(self) -> None:
        """Shows it to people."""
        tables.table(COLUMNS, [_row(one) for one in self.periods])
        total = _together(self.periods)
        if total:
            rates = [_rate(domain, total[domain]) for domain in in_order(total)]
            output.line()
            tables.table(RATE_COLUMNS, [_rate_row(one) for one in rates])


def _document(period: Period) -> dict[str, Any]:
    return {
        "since": period.since.isoformat(),
        "until": _last(period).isoformat(),
        "registered": dict(sorted(period.registered.items())),
        "certified": dict(sorted(period.certified.items())),
        "closed": dict(sorted(period.closed.items())),
        "certification": {
            "certified": period.certified.total(),
            "median_days": middle(period.since_purchase),
            "median_days_from_registration": middle(period.since_registration),
        },
        "pass_rates": [_rate(domain, period.results[domain]) for domain in in_order(period.results)],
    }


def _rate(domain: str, tally: Tally) -> dict[str, Any]:
    return {
        "domain": domain,
        "taken": tally.taken,
        "passed": tally.passed,
        "pass_rate": percentage(tally.passed, tally.taken),
        "no_shows": tally.no_shows,
        "first": tally.first,
        "passed_first": tally.passed_first,
        "first_rate": percentage(tally.passed_first, tally.first),
    }


def _row(period: Period) -> tuple[str, ...]:
    taken = sum(one.taken for one in period.results.values())
    passed = sum(one.passed for one in period.results.values())
    days = middle(period.since_purchase)
    return (
        period.since.isoformat(),
        _last(period).isoformat(),
        str(period.registered.total()),
        str(period.certified.total()),
        str(period.closed.total()),
        "–" if days is None else f"{days:g}",
        str(taken),
        str(passed),
        percent(percentage(passed, taken)),
    )


def _rate_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    cells = dict(one, pass_rate=percent(one["pass_rate"]), first_rate=percent(one["first_rate"]))
    return tuple(str(cell) for cell in cells.values())


def _together(periods: Sequence[Period]) -> dict[str, Tally]:
    """The results of all periods, by domain."""
    found: dict[str, Counter[str]] = {}
    for period in periods:
        for domain, tally in period.results.items():
            found.setdefault(domain, Counter()).update(
                {name: getattr(tally, name) for name in Tally.__dataclass_fields__}
            )
    return {domain: Tally(**tally) for domain, tally in found.items()}


def _last(period: Period) -> date:
    return period.before - timedelta(days=1)
