"""Which candidacies the record knows as closed."""

from sqlalchemy import Engine

from record.closed import closed_under
from record.database import reading
from tests.formats.lives import Who
from tests.record.lives import lived


def test_only_a_candidacy_whose_newest_enrolment_is_closed_counts_as_closed(engine: Engine) -> None:
    withdrawn = lived("withdrawn", Who("C-1", "run-1", "Ana", "a@example.org")).append(engine)
    refused = lived("refused", Who("C-2", "run-2", "Ben", "b@example.org")).append(engine)
    opened = lived("testing", Who("C-3", "run-3", "Eve", "e@example.org")).append(engine)
    ids = [one.candidacy.workflow_id for one in (withdrawn, refused, opened)]
    with reading(engine) as connection:
        assert closed_under(connection, [*ids, "certification:CCSL:C-9"]) == {
            ids[0]: "withdrawn",
            ids[1]: "refused",
        }
