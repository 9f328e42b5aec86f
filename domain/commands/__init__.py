"""Commands: what people, integrations and the engine itself ask of a candidacy, in the imperative.

Instants are UTC, days are in the body's zone. `MESSAGES` lists the messages of the public contract: the signals, the
updates, the command line and the documentation are made from it. A new message needs a class in the module of its
subject, a line in `MESSAGES`, and a decider in the module of its matter.

Each module has the messages of one subject; `engine` has the commands that nobody can send. Readers import all of them
from here.
"""

from __future__ import annotations

from domain.commands.advancement import (
    BETWEEN_WORKFLOWS,
    ConfirmSuperseded,
    EndAdvancement,
    RequestAdvancement,
    Supersede,
)
from domain.commands.assessments import RecordAssessmentResult, RecordSelfAssessment, ResolveHeldResult
from domain.commands.attention import Acknowledge
from domain.commands.base import FOR_THE_CANDIDATE, Command, Message
from domain.commands.candidacy import ConfirmPurchase, ExtendDeadline, UpdateContact, Withdraw
from domain.commands.certificate import (
    MAX_EVIDENCE,
    Activity,
    Reinstate,
    ReviewRecertification,
    Revoke,
    SubmitRecertification,
    Suspend,
)
from domain.commands.engine import (
    AnswerAdvancement,
    Cancel,
    RefuseMessage,
    Register,
    ReportSuperseded,
    ReportUndeliverable,
    RingAlarm,
)
from domain.commands.experience import RecordExperience
from domain.commands.registration import (
    CONTACT_DETAILS,
    MAX_KNOWN,
    AdvancesFrom,
    Contact,
    Experience,
    Purchase,
    Registration,
)
from domain.commands.work_product import ReviewWorkProduct, SubmitWorkProduct

__all__ = [
    "BETWEEN_WORKFLOWS",
    "CONTACT_DETAILS",
    "FOR_THE_CANDIDATE",
    "MAX_EVIDENCE",
    "MAX_KNOWN",
    "MESSAGES",
    "Acknowledge",
    "Activity",
    "AdvancesFrom",
    "AnswerAdvancement",
    "Cancel",
    "Command",
    "ConfirmPurchase",
    "ConfirmSuperseded",
    "Contact",
    "EndAdvancement",
    "Experience",
    "ExtendDeadline",
    "Message",
    "Purchase",
    "RecordAssessmentResult",
    "RecordExperience",
    "RecordSelfAssessment",
    "RefuseMessage",
    "Register",
    "Registration",
    "Reinstate",
    "ReportSuperseded",
    "ReportUndeliverable",
    "RequestAdvancement",
    "ResolveHeldResult",
    "ReviewRecertification",
    "ReviewWorkProduct",
    "Revoke",
    "RingAlarm",
    "SubmitRecertification",
    "SubmitWorkProduct",
    "Supersede",
    "Suspend",
    "UpdateContact",
    "Withdraw",
]

MESSAGES: dict[str, type[Message]] = {
    kind.message: kind
    for kind in (
        ConfirmPurchase,
        RecordSelfAssessment,
        RecordAssessmentResult,
        ResolveHeldResult,
        RecordExperience,
        SubmitWorkProduct,
        ReviewWorkProduct,
        SubmitRecertification,
        ReviewRecertification,
        RequestAdvancement,
        ExtendDeadline,
        Suspend,
        Reinstate,
        Revoke,
        Withdraw,
        UpdateContact,
        Acknowledge,
        Supersede,
        ConfirmSuperseded,
        EndAdvancement,
    )
}
"""Every message of the contract, by its name."""
