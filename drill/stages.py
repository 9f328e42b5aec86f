"""The stages of life in which candidacies meet the drill, and the plot of each: what it is sent in which part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.vocabulary import Status
from drill.steps import (
    ACCEPT,
    APPROVED,
    BY,
    CERTIFIED,
    CONFIRM,
    CONTRADICTS,
    CUSTOMERS,
    EVIDENCE,
    EXPERIENCE,
    LEADERSHIP,
    NOW,
    OPERATIONS,
    PASSED,
    PEOPLE,
    REINSTATE,
    REQUEST,
    REVOKE,
    START,
    SUSPEND,
    WITHDRAW,
    Part,
    Plot,
    passes,
    result,
    review,
    scored,
    submit,
)
from trials.domains import DOMAINS
from trials.past import Past


@dataclass(frozen=True)
class Stage:
    """One stage of life.

    A candidacy begins by its `registration`, or with a `past`, which gets the journal at NOW and lives it through; one
    with neither is opened by the engine, as the advancement of the candidacy before it.
    """

    name: str
    designation: str
    ends_as: Status
    plot: Plot = field(default_factory=dict)
    registration: Mapping[str, Any] | None = None
    past: Callable[[Past], object] | None = None
    past_days: int = 0
    """How many days before NOW its past begins, with the purchase."""
    by_itself: tuple[str, ...] = ()
    """The events that follow without a message, in any order."""
    higher: Stage | None = None
    opened_in: Part = Part.BEFORE
    bought: bool = True
    """Whether its testing is purchased before the drill begins; before that, a self-assessment is refused."""
    closed_in: Part | None = None

    @property
    def by_message(self) -> bool:
        """Whether it begins with a registration or a past, and not by the engine."""
        return bool(self.registration is not None or self.past)


def _purchase(name: str, plot: Plot, ends_as: Status = Status.TESTING) -> Stage:
    return Stage(name, "CCMA", ends_as, plot, registration={"experience": EXPERIENCE}, bought=False)


def _higher(designation: str, opened_in: Part, plot: Plot) -> Stage:
    by_itself = ("Registered", "ExperienceRecorded", "PurchaseConfirmed", "ExperienceMet", "LowerGaveWay", "Certified")
    return Stage("higher", designation, Status.CERTIFIED, plot, by_itself=by_itself, opened_in=opened_in)


def _lower(name: str, designation: str, requested_in: Part, higher: Stage, closed_in: Part) -> Stage:
    return Stage(
        name,
        designation,
        Status.SUPERSEDED,
        {requested_in: (REQUEST,)},
        past=lambda past: past.certify().until(NOW),
        past_days=200,
        by_itself=("Superseded", "CandidacyClosed"),
        higher=higher,
        closed_in=closed_in,
    )


_YEARS = 3 * 365
STAGES: tuple[Stage, ...] = (
    _purchase("awaiting purchase", {}, Status.AWAITING_PURCHASE),
    _purchase("purchase confirmed on the older build", {Part.BEFORE: (CONFIRM,)}),
    _purchase("purchase confirmed on the newer build", {Part.NEWER: (CONFIRM,)}),
    Stage(
        "testing",
        "CCMA",
        Status.CERTIFIED,
        {
            Part.BEFORE: passes(PEOPLE),
            Part.NEWER: passes(OPERATIONS),
            Part.OLDER: passes(CUSTOMERS),
            Part.AFTER: (result(LEADERSHIP, *PASSED, *CERTIFIED),),
        },
        registration=START,
    ),
    Stage(
        "settling",
        "CCMC",
        Status.CERTIFIED,
        {Part.OLDER: (result(PEOPLE, *PASSED, *CERTIFIED, days=30),)},
        past=lambda past: past.passes(but=PEOPLE).until(NOW),
        past_days=2 * 365 + 6,
    ),
    Stage(
        "held",
        "CCMC",
        Status.TESTING,
        {Part.BEFORE: (CONTRADICTS,), Part.OLDER: (ACCEPT,)},
        registration=START,
    ),
    Stage(
        "work product under review",
        "CCSL",
        Status.CERTIFIED,
        {
            Part.BEFORE: (*passes(*DOMAINS), submit()),
            Part.BACK: (review("passed", "WorkProductPassed", *CERTIFIED),),
        },
        registration=START,
    ),
    Stage(
        "work product to be revised",
        "CCOM",
        Status.CERTIFIED,
        {
            Part.BEFORE: (*passes(*DOMAINS), submit(), review("revise", "WorkProductReturned")),
            Part.FORTH: (submit(2),),
            Part.OLDER: (review("passed", "WorkProductPassed", *CERTIFIED, number=2),),
        },
        registration=START,
    ),
    Stage(
        "being scored",
        "CCMA",
        Status.CERTIFIED,
        {
            Part.FORTH: (scored(PEOPLE),),
            Part.BACK: (scored(OPERATIONS),),
            Part.AGAIN: (scored(CUSTOMERS),),
            Part.AFTER: (result(LEADERSHIP, *PASSED, *CERTIFIED),),
        },
        registration=START,
    ),
    _lower(
        "advancing, opened by the older build",
        "CCMA",
        Part.BEFORE,
        _higher(
            "CCOM",
            Part.BEFORE,
            {Part.NEWER: (submit(),), Part.BACK: (review("passed", "WorkProductPassed"),)},
        ),
        Part.BACK,
    ),
    _lower(
        "advancing, opened while it moves",
        "CCMC",
        Part.FORTH,
        _higher(
            "CCSL",
            Part.FORTH,
            {Part.OLDER: (submit(),), Part.AGAIN: (review("passed", "WorkProductPassed"),)},
        ),
        Part.AGAIN,
    ),
    Stage(
        "certified",
        "CCMA",
        Status.CERTIFIED,
        {Part.NEWER: (SUSPEND,), Part.OLDER: (REINSTATE,)},
        past=lambda past: past.certify().until(NOW),
        past_days=100,
    ),
    Stage(
        "recertifying, approved on the newer build",
        "CCMA",
        Status.CERTIFIED,
        {Part.BEFORE: (EVIDENCE,), Part.NEWER: (APPROVED,)},
        past=lambda past: past.certify().until(NOW),
        past_days=800,
    ),
    Stage(
        "recertifying, approved on the older build",
        "CCMC",
        Status.CERTIFIED,
        {Part.NEWER: (EVIDENCE,), Part.OLDER: (APPROVED,)},
        past=lambda past: past.certify().until(NOW),
        past_days=800,
    ),
    Stage(
        "grace",
        "CCMA",
        Status.CERTIFIED,
        {Part.FORTH: (EVIDENCE,), Part.BACK: (APPROVED,)},
        past=lambda past: past.certify().until(NOW),
        past_days=_YEARS + 20,
    ),
    Stage(
        "lapsed",
        "CCMC",
        Status.CERTIFIED,
        {Part.BACK: (EVIDENCE,), Part.AGAIN: (APPROVED,)},
        past=lambda past: past.certify().until(NOW),
        past_days=_YEARS + 150,
    ),
    Stage(
        "suspended",
        "CCMA",
        Status.CERTIFIED,
        {Part.BACK: (REINSTATE,)},
        past=lambda past: past.certify().say("suspend", **BY).until(NOW),
        past_days=40,
    ),
    Stage(
        "withdrawn before",
        "CCMA",
        Status.WITHDRAWN,
        {Part.BEFORE: (WITHDRAW,)},
        registration=START,
        closed_in=Part.BEFORE,
    ),
    Stage(
        "withdrawn while it moves back",
        "CCMC",
        Status.WITHDRAWN,
        {Part.BACK: (WITHDRAW,)},
        registration=START,
        closed_in=Part.BACK,
    ),
    Stage(
        "revoked on the newer build",
        "CCMA",
        Status.REVOKED,
        {Part.NEWER: (REVOKE,)},
        past=lambda past: past.certify().until(NOW),
        past_days=100,
        closed_in=Part.NEWER,
    ),
)
"""Every stage. A candidacy whose mail or whose score is awaited can be in any of them."""
