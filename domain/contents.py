"""What the content of a result is: the same for every spelling of it (R16).

The digest of a result stands in its event and in the state, and its content is not kept. So it is made in one way for
ever; a field that is added to the content counts only where it is given.

A feed that looks for contradictions needs this too, so it stands apart from the rules about results.
"""

from __future__ import annotations

import json

from domain.commands import RecordAssessmentResult
from domain.digests import short_hash

_json = json.JSONEncoder(sort_keys=True).encode


def content_digest(result: RecordAssessmentResult) -> str:
    """A short hash of what a result says, whatever its spelling (R16).

    The content is the domain, `taken_at`, the outcome, the score by its value and, where it is scored here, form and
    responses. The vendor's flag and `source` are no content.
    """
    score = result.score
    content = {
        "domain": result.domain,
        "taken_at": result.taken_at.isoformat(),
        "outcome": result.outcome,
        "score": str(score.fraction) if score else None,
        "form": result.form,
        "responses": result.responses,
    }
    given = {name: value for name, value in content.items() if value is not None}
    return f"1:{short_hash(_json(given))}"
