"""The names of the search attributes, for code that writes list filters. Imports only the standard library."""

from enum import StrEnum


class Attribute(StrEnum):
    """A search attribute of the public contract."""

    CANDIDATE_ID = "CandidateId"
    DESIGNATION = "Designation"
    CERTIFICATION_STATUS = "CertificationStatus"
    NEXT_DEADLINE = "NextDeadline"
    ASSESSMENTS_PASSED = "AssessmentsPassed"
    NEEDS_ATTENTION = "NeedsAttention"
