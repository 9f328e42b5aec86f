"""Names of the public contract that the command line must know before it can afford to import the domain.

A test holds them against `domain`: they cannot drift.
"""

from cli.everyday import VERBS

MESSAGES = tuple(verb.message for verb in VERBS)
"""Every message that may come from outside; `supersede` goes between workflows only."""

OPEN_STATUSES = {
    "awaiting_purchase": "waits for the purchase to be confirmed",
    "testing": "takes the assessments",
    "settling": "testing is over, results taken in time may still arrive",
    "awaiting_review": "all assessments passed, the work product is under review",
    "awaiting_experience": "everything is met but the time on the job",
    "certified": "certified",
    "recertifying": "certified, the recertification window is open",
    "grace": "not certified: expired, may still recertify as if in time",
    "lapsed": "not certified: lapsed, may come back with a gap",
    "suspended": "not certified: suspended",
}
"""Statuses of an open candidacy, and what each means in words."""

CLOSED_STATUSES = {
    "abandoned": "closed, the purchase was never confirmed",
    "timed_out": "closed, the testing window has ended",
    "refused": "closed, the attempts or the work products are used up",
    "withdrawn": "closed at the person's own request",
    "revoked": "closed, the certificate was revoked",
    "superseded": "closed, a higher certificate took its place",
    "expired": "closed, the certification has ended",
}
"""Statuses of a closed one."""

STATUSES = {**OPEN_STATUSES, **CLOSED_STATUSES}
