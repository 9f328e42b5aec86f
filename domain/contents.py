"""What the content of a result is: the same for every spelling of it (R16).

A feed that looks for contradictions needs this too, so it stands apart from the rules about results.
"""

from __future__ import annotations

import hashlib
import json

from domain.commands import RecordAssessmentResult

_DIGEST_LENGTH = 20
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
    return hashlib.sha256(_json(content).encode()).hexdigest()[:_DIGEST_LENGTH]
