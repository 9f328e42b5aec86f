"""The scheme: a certification programme as data. Every number and switch of the rulebook is a field here.

A `Scheme` is the file that the certification body edits (see `schemes/ciac.toml`). A `Programme` is one designation
with everything that applies to its candidates. A candidacy keeps its own copy of it, taken on the day of enrolment
and again when each recertification window opens.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain.calendar import is_zone
from domain.stored import Stored
from domain.types import Code, KeptEmail, KeptLine, KeptText, Percentage

Days = Annotated[int, Field(strict=True, ge=0, le=3660)]
Months = Annotated[int, Field(strict=True, ge=1, le=600)]
Count = Annotated[int, Field(strict=True, ge=0, le=100)]
Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class Rules(Stored):
    """A group of rules.

    In a scheme file a misspelt name is an error and never silently a default: `Scheme.of` is strict. In a programme
    that a newer build has pinned it is a rule that this build does not know, which is kept.
    """


class Body(Rules):
    """The certification body: its name and address for notices, and the zone in which its days begin and end."""

    name: KeptLine
    short_name: KeptLine
    zone: KeptLine
    email: KeptEmail
    website: KeptLine
    phone: KeptLine


class TestingRules(Rules):
    """The testing window (rules 1 to 6). Days are calendar days; `reminder_hour` is an hour in the body's zone."""

    __test__ = False  # pytest would take it for a test class, because of its name

    window_months: Months
    purchase_days: Days
    settlement_days: Days
    reminder_days: tuple[Days, ...]
    reminder_hour: Annotated[int, Field(strict=True, ge=0, le=23)]
    extension_days: Days


class RetakeRules(Rules):
    """Retakes of an assessment (rule 10)."""

    attempts: Annotated[int, Field(strict=True, ge=1, le=100)]
    wait_days: Days


class WorkProductRules(Rules):
    """The work product (rule 15). `inside_window` says how far it must be when the testing window ends."""

    inside_window: Literal["submitted", "passed"]
    revisions: Count
    revision_days: Days
    failures: Annotated[int, Field(strict=True, ge=1, le=100)]


class ExperienceRules(Rules):
    """On-the-job experience (rule 14). It is met this many months after its start."""

    months: Months


class CertificateRules(Rules):
    """The certificate's validity, renewal, grace and lapse (rules 5 and 17 to 19)."""

    validity_months: Months
    window_months: Months
    reminder_days: tuple[Days, ...]
    reminder_days_after: tuple[Days, ...]
    evidence: Annotated[int, Field(strict=True, ge=1, le=20)]
    grace_days: Days
    lapse_months: Months

    @model_validator(mode="after")
    def _deadlines_in_order(self) -> Self:
        if self.window_months >= self.validity_months:
            raise ValueError("window_months must be shorter than validity_months")
        if self.grace_days > 28 * self.lapse_months:
            raise ValueError("grace_days must end before lapse_months have passed")
        return self


class SuspensionRules(Rules):
    """Suspension (rule 20). After this many days it asks for a person's attention."""

    attention_days: Days


UriScheme = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9+.-]*$", max_length=32)]


class ReferenceRules(Rules):
    """References to documents (rules 15, 18): the URI schemes that are taken, in lower case and without the colon."""

    uri_schemes: Annotated[tuple[UriScheme, ...], Field(min_length=1, max_length=20)] = (
        "https",
        "http",
        "s3",
        "gs",
        "az",
        "urn",
    )


class NoticeRules(Rules):
    """How long a notice is tried, and how long a closed candidacy waits until its last notices are sent."""

    retry_days: Annotated[int, Field(strict=True, ge=1, le=60)]
    closing_minutes: Annotated[int, Field(strict=True, ge=1, le=1440)]


class ErasureRules(Rules):
    """When the personal data of somebody may be erased (rule 25): so many calendar months after the candidacy closed.

    None: the scheme says nothing about it, so erasure is not allowed.
    """

    after_closing_months: Annotated[int, Field(strict=True, ge=0, le=600)] | None = None


class RuleSet(Rules):
    """All rules of a scheme, by group."""

    testing: TestingRules
    retakes: RetakeRules
    work_product: WorkProductRules
    experience: ExperienceRules
    certificate: CertificateRules
    suspension: SuspensionRules
    notices: NoticeRules
    # A programme that was pinned without one of these groups has what the group says unless it is given.
    references: ReferenceRules = ReferenceRules()
    erasure: ErasureRules = ErasureRules()


class Designation(Rules):
    """One line of the designation table."""

    title: KeptLine
    audience: KeptText
    worth: KeptText
    passing_score: Percentage
    work_product: bool
    experience: KeptLine | None = None
    advances_to: Code | None = None


class Programme(Stored):
    """One designation with everything that applies to its candidates."""

    scheme: KeptLine
    designation: Code
    title: KeptLine
    worth: KeptText
    body: Body
    domains: dict[Slug, KeptLine]
    passing_score: Decimal
    work_product: bool
    experience: KeptLine | None
    advances_to: Code | None
    advances_to_title: KeptLine | None
    advances_from: tuple[Code, ...]
    rules: RuleSet

    @property
    def zone(self) -> str:
        return self.body.zone


@lru_cache(maxsize=256)
def _shared(programme: str) -> Programme:
    return Programme.model_validate_json(programme)


PinnedProgramme = Annotated[Programme, AfterValidator(lambda programme: _shared(programme.model_dump_json()))]
"""A programme as a field of a state or an event, of which a worker holds thousands in memory.

A programme takes 8 KB. So candidacies with equal programmes share one object, which is never changed.
"""


class Scheme(Rules):
    """A certification programme: its version, body, domains, rules and designations."""

    version: KeptLine
    body: Body
    domains: Annotated[dict[Slug, KeptLine], Field(min_length=1, max_length=20)]
    rules: RuleSet
    designations: Annotated[dict[Code, Designation], Field(min_length=1, max_length=50)]

    @classmethod
    def of(cls, document: object) -> Self:
        """The scheme that a file describes. A name that is no rule is an error, at every level.

        Raises:
            pydantic.ValidationError: the scheme is not valid; the error names each wrong field.
        """
        return cls.model_validate(document, extra="forbid")

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        if not is_zone(self.body.zone):
            raise ValueError(f"body.zone: {self.body.zone!r} is no time zone, e.g. America/Chicago")
        for code, designation in self.designations.items():
            if designation.advances_to is not None and designation.advances_to not in self.designations:
                raise ValueError(
                    f"designations.{code}.advances_to: there is no designation {designation.advances_to!r}"
                )
        return self

    def programme(self, code: str) -> Programme:
        """The programme of this designation: everything that applies to its candidates.

        Raises:
            KeyError: the scheme has no such designation.
        """
        designation = self.designations[code]
        target = self.designations[designation.advances_to] if designation.advances_to else None
        return Programme(
            scheme=self.version,
            designation=code,
            title=designation.title,
            worth=designation.worth,
            body=self.body,
            domains=self.domains,
            passing_score=designation.passing_score,
            work_product=designation.work_product,
            experience=designation.experience,
            advances_to=designation.advances_to,
            advances_to_title=target.title if target else None,
            advances_from=tuple(lower for lower, line in self.designations.items() if line.advances_to == code),
            rules=self.rules,
        )
