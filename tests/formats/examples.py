"""Examples of every message and of the registration: `make formats` keeps each one, with its digest, for ever.

Add an example for each new message, and one that gives each new field. Never take one out.
"""

from __future__ import annotations

from typing import Any

REGISTRATION = "registration"

_AT = "2026-11-22T15:00:00Z"
_SHA = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"
_BY = {"reason": "a complaint", "by": "M. Vogel"}
_PERSON = {"candidate_id": "C-1001", "name": "Ana Ruiz", "email": "ana@example.org", "designation": "CCSL"}
_RESULT = {"result_id": "R-1", "domain": "people-management", "taken_at": _AT}
_HIGHER = "certification:CCOM:C-1001"

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    REGISTRATION: [
        _PERSON,
        {**_PERSON, "name": "  Ana   Ruiz ", "publish": False, "message_id": "m-1"},
        {
            **_PERSON,
            "publish": True,
            "purchase": {"reference": "INV-77", "purchased_at": "2026-11-22"},
            "experience": {
                "role": "Director, Customer Care",
                "started_on": "2024-02-29",
                "ended_on": "2026-02-28",
                "attested_by": "M. Vogel",
            },
        },
        {
            **_PERSON,
            "advances_from": {"designation": "CCMA", "workflow_id": "certification:CCMA:C-1001", "known": ["ab" * 32]},
        },
    ],
    "confirm_purchase": [
        {"reference": "INV-77"},
        {"reference": "INV-77", "purchased_at": "2026-11-22"},
        {"reference": "Cafe\u0301  77", "purchased_at": "2026-11-22T16:00:00.250+01:00", "message_id": "m-1"},
    ],
    "record_self_assessment": [
        {"domain": "people-management", "percentage": 60},
        {"domain": "people-management", "percentage": "60.50", "taken_at": _AT, "message_id": "m-1"},
    ],
    "record_assessment_result": [
        {**_RESULT, "percentage": 80},
        {**_RESULT, "percentage": "74.99999999999999999", "revision": 2, "source": "Vendor A", "passed": False},
        {**_RESULT, "points": 38, "out_of": "51.0", "passed": True, "message_id": "m-1"},
        {**_RESULT, "form": "PM-A", "responses": ["B", "D", "A"]},
        {**_RESULT, "outcome": "no_show"},
        {**_RESULT, "outcome": "voided", "revision": 3},
    ],
    "resolve_held_result": [
        {"result_id": "R-1", "decision": "accept", **_BY},
        {"result_id": "R-1", "decision": "reject", "revision": 2, "hold": 17, **_BY, "message_id": "m-1"},
    ],
    "record_experience": [
        {"role": "Director", "started_on": "2024-02-29"},
        {
            "role": "Director",
            "started_on": "2024-02-29",
            "ended_on": "2026-02-28",
            "attested_by": "M. Vogel",
            "message_id": "m-1",
        },
    ],
    "submit_work_product": [
        {"submission_id": "W-1", "uri": "https://example.org/w-1.pdf", "sha256": _SHA},
        {
            "submission_id": "W-1",
            "uri": "urn:example:w",
            "sha256": _SHA.lower(),
            "submitted_at": _AT,
            "message_id": "m-1",
        },
    ],
    "review_work_product": [
        {"submission_id": "W-1", "reviewer": "R. Viewer", "verdict": "passed"},
        {
            "submission_id": "W-1",
            "reviewer": "R. Viewer",
            "verdict": "revise",
            "percentage": 71.5,
            "comments": "Add the figures\nof the last quarter.",
            "not_the_candidate": True,
            "message_id": "m-1",
        },
        {"submission_id": "W-1", "reviewer": "R. Viewer", "verdict": "failed", "not_the_candidate": False},
    ],
    "submit_recertification": [
        {"submission_id": "E-1", "activities": [{"title": "A course", "completed_on": "2026-01-05"}]},
        {
            "submission_id": "E-1",
            "activities": [
                {"title": "A course", "completed_on": "2026-01-05", "hours": 7.5, "uri": "https://example.org/c"},
                {"title": "A talk", "completed_on": "2026-02-05"},
            ],
            "submitted_at": _AT,
            "message_id": "m-1",
        },
        {"submission_id": "E-2", "activities": []},
    ],
    "review_recertification": [
        {"submission_id": "E-1", "reviewer": "R. Viewer", "verdict": "approved"},
        {
            "submission_id": "E-1",
            "reviewer": "R. Viewer",
            "verdict": "returned",
            "comments": "Say when.",
            "not_the_candidate": True,
            "message_id": "m-1",
        },
    ],
    "request_advancement": [
        {"purchase": {"reference": "INV-9"}},
        {
            "purchase": {"reference": "INV-9", "purchased_at": _AT},
            "experience": {
                "role": "Manager",
                "started_on": "2024-01-01",
                "ended_on": "2025-12-31",
                "attested_by": "B. Oss",
            },
            "message_id": "m-1",
        },
    ],
    "extend_deadline": [
        {"until": "2028-12-31", "reason": "storm damage", "approved_by": "M. Vogel"},
        {"until": "2028-12-31", "reason": "storm damage", "approved_by": "M. Vogel", "message_id": "m-1"},
    ],
    "suspend": [_BY, {**_BY, "message_id": "m-1"}],
    "reinstate": [_BY, {**_BY, "message_id": "m-1"}],
    "revoke": [_BY, {**_BY, "message_id": "m-1"}],
    "withdraw": [{}, {"reason": "a new job"}, {**_BY, "message_id": "m-1"}],
    "update_contact": [
        {"name": "Ana Ruiz-Vega"},
        {"email": "ana.ruiz@example.org"},
        {"publish": False},
        {"name": "Ana Ruiz", "email": "ana@example.org", "publish": True, "message_id": "m-1"},
    ],
    "acknowledge": [
        {"attention": "refused-message", "by": "M. Vogel"},
        {"attention": "requirement-undone", "by": "M. Vogel", "note": "it stands", "message_id": "m-1"},
    ],
    "supersede": [
        {"by_workflow_id": _HIGHER, "by_number": "CCOM-AAAA-BBBB-CCCC", "at": _AT},
        {"by_workflow_id": _HIGHER, "by_number": "CCOM-AAAA-BBBB-CCCC", "at": _AT, "message_id": "m-1"},
    ],
    "confirm_superseded": [
        {"workflow_id": "certification:CCMA:C-1001", "by_number": "CCOM-AAAA-BBBB-CCCC", "superseded_at": _AT},
        {
            "workflow_id": "certification:CCMA:C-1001",
            "by_number": "CCOM-AAAA-BBBB-CCCC",
            "superseded_at": "2026-11-22T09:00:00-06:00",
            "message_id": "m-1",
        },
    ],
    "end_advancement": [
        {"by_workflow_id": _HIGHER, "ended_as": "timed_out"},
        {"by_workflow_id": _HIGHER, "ended_as": "withdrawn", "message_id": "m-1"},
    ],
}
