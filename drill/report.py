"""The figures of a drill, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drill.accounting import was_refused
from drill.builds import Move
from drill.evidence import Found
from drill.newer import ONLY_NEWER_EVENTS
from drill.raising import Raising
from drill.sending import Sender
from trials.discrepancies import Discrepancy, Figure, table
from trials.mail import Mail


@dataclass(frozen=True)
class Report:
    """The result of a drill."""

    seed: int
    found: Sequence[Found]
    moves: Sequence[Move]
    mails: Sequence[Mail]
    sender: Sender
    raising: Raising | None
    """What the smaller drill has found, if it was played."""
    seconds: float
    discrepancies: Sequence[Discrepancy]

    @property
    def right(self) -> bool:
        return not self.discrepancies

    def figures(self) -> dict[str, Figure]:
        """The figures by name, in the order of the table."""
        stages = Counter(one.life.stage.name for one in self.found)
        sent = [(one, message) for one in self.found for message in one.life.sent]
        only_newer = [(one, message) for one, message in sent if message.step.newer]
        events = Counter(event["type"] for one in self.found for event in one.timeline[one.life.events_before :])
        runs = [run for one in self.found for run in one.runs]
        problems = Counter(problem.kind for problem in self.discrepancies)
        return {
            "seed": self.seed,
            "candidacies": len(self.found),
            **{f"  {name}": count for name, count in stages.items()},
            "messages": len(sent),
            **{f"  by {way}": count for way, count in sorted(self.sender.ways.items())},
            "  only the newer build knows": len(only_newer),
            "    of these refused": sum(was_refused(one, message) for one, message in only_newer),
            "sent again": sum(self.sender.again.values()),
            **{f"  {why}": count for why, count in sorted(self.sender.again.items())},
            "events": sum(events.values()),
            "  of the newer build alone": sum(events[kind] for kind in ONLY_NEWER_EVENTS),
            **{
                f"move {number}, to {move.build}, s": round(move.seconds, 1)
                for number, move in enumerate(self.moves, 1)
            },
            "runs": len(runs),
            "workflow tasks begun afresh by the server": sum(run.begun_afresh for run in runs),
            "workflow tasks timed out": sum(run.timed_out_tasks for run in runs),
            "notices": len({mail.message_id for mail in self.mails}),
            **({"raised format: candidacies": self.raising.candidacies} if self.raising else {}),
            **({"  of these waited unharmed": self.raising.waited} if self.raising else {}),
            "lost": problems["lost"],
            "twice": problems["twice"],
            "wrong": problems["wrong"],
            "failed tasks, runs, workers": problems["failed"],
            "stuck": problems["stuck"],
            "seconds": round(self.seconds),
        }

    def table(self) -> str:
        """The figures for people, then each discrepancy."""
        return table(self.figures(), self.discrepancies, 48)

    def document(self) -> dict[str, Any]:
        """The figures for machines, with every discrepancy, and what each `upgrade --json` has said."""
        return {
            "figures": {name.strip(): figure for name, figure in self.figures().items()},
            "upgrades": [{"build": move.build, "seconds": move.seconds, "said": move.answer} for move in self.moves],
            "discrepancies": [{"kind": problem.kind, "what": problem.what} for problem in self.discrepancies],
        }
