"""The figures of a run, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from chaos.accounting import repeated
from chaos.evidence import Evidence
from chaos.faults import Outage
from chaos.record_accounting import OfTheRecord
from trials.discrepancies import Discrepancy, Figure, table
from trials.histories import Activity
from trials.mail import Mail
from trials.workers import End


@dataclass(frozen=True)
class Report:
    """The result of a run."""

    seed: int
    workers: int
    found: Sequence[Evidence]
    mails: Sequence[Mail]
    ends: Sequence[End]
    server_outages: Sequence[Outage]
    mail_outages: Sequence[Outage]
    record: OfTheRecord
    ways: Counter[str]
    calls: int
    seconds: float
    discrepancies: Sequence[Discrepancy]

    @property
    def right(self) -> bool:
        return not self.discrepancies

    def waits(self) -> list[float]:
        """For each activity that a second worker did, because the server heard nothing more from the first: the seconds
        from its scheduling to its end."""
        return [
            activity.closed_at - activity.scheduled_at
            for activity in self._activities()
            if activity.attempts == 2 and activity.last_failure == "timed out" and activity.closed_at
        ]

    def _activities(self) -> Iterator[Activity]:
        for one in self.found:
            for run in one.runs:
                yield from run.activities

    def figures(self) -> dict[str, Figure]:
        """The figures by name, in the order of the table."""
        kinds = Counter(one.lived.plan.kind for one in self.found if one.lived.candidacy.registration is not None)
        hows = Counter(end.how for end in self.ends)
        runs = [run for one in self.found for run in one.runs]
        problems = Counter(problem.kind for problem in self.discrepancies)
        waits = sorted(self.waits())
        activities = list(self._activities())
        return {
            "seed": self.seed,
            "journeys": sum(kinds.values()),
            **{f"  {kind}": count for kind, count in sorted(kinds.items())},
            "candidacies": len(self.found),
            "messages": sum(len(one.lived.sent) for one in self.found),
            **{f"  by {way}": count for way, count in sorted(self.ways.items())},
            "calls it took": self.calls,
            "events": sum(len(one.timeline) for one in self.found),
            "certificates": sum(event["type"] == "Certified" for one in self.found for event in one.timeline),
            "notices": len({mail.message_id for mail in self.mails}),
            "workers": self.workers,
            "workers ended": len(self.ends),
            **{f"  by {how}": count for how, count in sorted(hows.items())},
            "  between record and mail": self.record.killed_in_between,
            "longest drain, s": round(
                max((end.at - end.begun_at for end in self.ends if "TERM" in end.how), default=0), 1
            ),
            "server killed and restarted": len(self.server_outages),
            "mail outages": len(self.mail_outages),
            **{f"  {what}": count for what, count in sorted(Counter(one.what for one in self.mail_outages).items())},
            **self.record.figures(),
            "activities": len(activities),
            "  tried more than once": sum(activity.attempts > 1 for activity in activities),
            "  silent worker, done by the next": len(waits),
            "  these waited, median s": round(median(waits), 1) if waits else 0,
            "  these waited, longest s": round(waits[-1], 1) if waits else 0,
            "workflow tasks timed out": sum(run.timed_out_tasks for run in runs),
            "mails taken again (same Message-ID)": len(repeated(self.mails)),
            "lost": problems["lost"],
            "twice": problems["twice"],
            "wrong": problems["wrong"],
            "failed tasks, activities, workflows": problems["failed"],
            "stuck": problems["stuck"],
            "seconds": round(self.seconds),
        }

    def table(self) -> str:
        """The figures for people, then each discrepancy."""
        return table(self.figures(), self.discrepancies, 40)

    def document(self) -> dict[str, Any]:
        """The figures for machines, with every discrepancy, and every wait in seconds."""
        return {
            "figures": {name.strip(): figure for name, figure in self.figures().items()},
            "discrepancies": [str(problem) for problem in self.discrepancies],
            "waits": [round(wait, 2) for wait in sorted(self.waits())],
        }
