"""Which candidacies are closed, also where Temporal has forgotten them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from record.tables import CANDIDACIES

_AT_ONCE = 500


def closed_under(connection: Connection, workflow_ids: Iterable[str]) -> dict[str, str]:
    """Of these workflow ids, those under which the newest recorded enrolment is closed, and its status."""
    wanted = sorted(set(workflow_ids))
    newest: dict[str, str | None] = {}
    columns = select(CANDIDACIES.c.workflow_id, CANDIDACIES.c.status, CANDIDACIES.c.closed_at)
    for first in range(0, len(wanted), _AT_ONCE):
        some = columns.where(CANDIDACIES.c.workflow_id.in_(wanted[first : first + _AT_ONCE]))
        for row in connection.execute(some.order_by(CANDIDACIES.c.registered_at)):
            newest[row.workflow_id] = row.status if row.closed_at else None
    return {workflow_id: status for workflow_id, status in newest.items() if status}
