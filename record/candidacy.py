"""Whose events they are. This module imports no event, so that a command may ask the read models without them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Candidacy:
    """Whose events these are: a workflow id, and the enrolment, because the same id may be enrolled again."""

    workflow_id: str
    enrolment: str

    def __str__(self) -> str:
        return f"{self.workflow_id} (enrolment {self.enrolment})"

    @property
    def document(self) -> dict[str, str]:
        """The same for machines."""
        return {"workflow_id": self.workflow_id, "enrolment": self.enrolment}
