"""Whether a later testing deadline can help the candidate at all (rule 6, R4, R5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain import holds, requirements
from domain.state import State, Window


def cannot_help(state: State, window: Window, until: date) -> str | None:
    """Why no requirement could be met by extending the testing window to this day, as a phrase; None if one could.

    On the advancement path, when all is met, a later deadline gives the lower certificate more time to give way.
    """
    if requirements.all_met(state):
        return None
    for domain, assessment in requirements.assessments(state).items():
        if assessment.status == "exhausted" and not _may_be_reopened(state, window, domain):
            title = state.requirements.domains[domain]
            return f"every attempt at {title} is used without a pass, and an extension gives none back"
    reasons = list(_reasons(state, window, until))
    return "; ".join(reason for reason in reasons if reason) if all(reasons) else None


def _may_be_reopened(state: State, window: Window, domain: str) -> bool:
    """Whether an assessment without attempts may still get one, or a pass, after today's deadline (R4).

    That is so where a held result could give it, and where the settlement of used-up attempts ends after the window.
    """
    settles_at = requirements.attempts_settle_at(state)
    if settles_at is None or settles_at > window.closes_at:
        return True
    return any(holds.could_save(state, hold, domain) for hold in state.held.values())


def _reasons(state: State, window: Window, until: date) -> Iterator[str | None]:
    """For each requirement that is not met: None if a later deadline helps it, else why it does not, as a phrase."""
    for assessment in requirements.assessments(state).values():
        if assessment.status != "passed":
            yield None
    if not requirements.work_product_met(state):
        yield _work_product(state)
    if not requirements.experience_met(state):
        yield _experience(state, window, until)


def _work_product(state: State) -> str | None:
    """A later deadline helps where another work product may follow the one that is under review, or to be revised."""
    product, rules = state.work_product, state.programme.rules.work_product
    another = product.failures + 1 < rules.failures
    if product.status in ("open", "failed") or another or rules.inside_window == "passed":
        return None
    if product.status == "submitted":
        return "the work product is under review, and no other may follow it"
    return f"the revision of the work product is due on {product.due_on}, and no other work product may follow it"


def _experience(state: State, window: Window, until: date) -> str | None:
    """A later deadline helps where an anniversary lies after the old one, or may yet be recorded."""
    met_on = min((claim.met_on for claim in state.experience if claim.met_on), default=None)
    if met_on is None or window.deadline < met_on <= until:
        return None
    if met_on > until:
        return f"the experience counts from {met_on}, after {until}"
    return f"the experience counts from {met_on}, inside the testing window as it is"
