"""The newer build of the drill: what a developer changes in the tree of today, one list of edits for each change.

Candidates get a mentor. That takes a new command, events, an alarm, an attention value, a notice, a search attribute
and a number of the scheme; beside it a rule changes, and a message gets another field. Everything follows
docs/changing.md: each change only adds to what is stored, so the format keeps its number, and candidacies can go back
to the older build. `RAISED` is a second step, which changes the form of what is stored, and so raises the number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drill.edits import Add, Create, Edit, Swap

A_RULE = (
    Swap(
        "domain/matters/self_assessments.py",
        'return "strength" if score.reaches(state.passing_score) else "needs development"',
        'return "strength" if score.reaches(state.passing_score - 5) else "needs development"',
    ),
)
"""A self-assessment five points below the passing score counts as a strength already."""

A_COMMAND = (
    Add(
        "domain/commands/candidacy.py",
        before="class Withdraw(Message):",
        text="""\
class NameMentor(Message):
    message = "name_mentor"
    about = "names the mentor who guides the candidate"
    mentor: Name


""",
    ),
    Add(
        "domain/commands/__init__.py",
        after="from domain.commands.candidacy import ConfirmPurchase, ExtendDeadline,",
        text=" NameMentor,",
    ),
    Add("domain/commands/__init__.py", after='    "Message",\n', text='    "NameMentor",\n'),
    Add("domain/commands/__init__.py", after="        EndAdvancement,\n", text="        NameMentor,\n"),
    Add(
        "domain/state.py",
        before="class State(Stored):",
        text='''\
class Mentor(Stored):
    """The mentor. At `check_at` the engine asks whether the two have met; `asked` says that it has."""

    name: str
    check_at: Instant
    asked: bool = False


''',
    ),
    Add(
        "domain/state.py", after="    suspension: Suspension | None = None\n", text="    mentor: Mentor | None = None\n"
    ),
    Create(
        "domain/matters/mentoring.py",
        '''\
"""Mentors: a candidate may have one, and after some time a person is asked whether the two have met."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from domain.commands import NameMentor, RingAlarm
from domain.decision import Alarm, Decision, Matter
from domain.events import Asked, MentorCheckDue, MentorNamed
from domain.state import Mentor, State
from domain.texts import without_addresses
from domain.vocabulary import AlarmKind, Attention, AttentionKind


def name_mentor(decision: Decision, command: NameMentor) -> None:
    """Records the mentor. The same mentor again changes nothing."""
    mentor, rules = decision.state.mentor, decision.state.programme.rules.mentoring
    if mentor is None or mentor.name != without_addresses(command.mentor):
        check_at = decision.at + timedelta(seconds=rules.check_seconds)
        decision.record(MentorNamed, mentor=command.mentor, check_at=check_at)


def alarms(state: State) -> Iterator[Alarm]:
    """The question whether the two have met."""
    if state.mentor and not state.mentor.asked:
        yield Alarm(at=state.mentor.check_at, kind=AlarmKind.MENTOR_CHECK, border=False)


def ring_check(decision: Decision, command: RingAlarm) -> None:
    decision.record(MentorCheckDue, due=command.due)


def on_mentor_named(state: State, event: MentorNamed) -> State:
    return state.having(mentor=Mentor(name=event.mentor, check_at=event.check_at))


def on_check_due(state: State, event: MentorCheckDue) -> State:
    mentor = state.mentor.model_copy(update={"asked": True}) if state.mentor else None
    state = state.having(mentor=mentor).no_more_ringing(Asked(kind=AlarmKind.MENTOR_CHECK, at=event.due))
    return state.raising(Attention(AttentionKind.MENTOR_UNCONFIRMED))


MATTER = Matter(
    deciders={NameMentor: name_mentor},
    alarms=alarms,
    rings={AlarmKind.MENTOR_CHECK: ring_check},
    folds={MentorNamed: on_mentor_named, MentorCheckDue: on_check_due},
)
''',
    ),
    Add("domain/rulebook.py", after="    experience,\n    expiry,\n", text="    mentoring,\n"),
    Add("domain/rulebook.py", after="    contact.MATTER,\n", text="    mentoring.MATTER,\n"),
)

AN_EVENT = (
    Add(
        "domain/events/experience.py",
        before="ExperienceEvent = ",
        text="""\
class MentorNamed(BaseEvent):
    type: Literal["MentorNamed"] = "MentorNamed"
    mentor: FreeText
    check_at: Instant


class MentorCheckDue(BaseEvent):
    type: Literal["MentorCheckDue"] = "MentorCheckDue"
    due: Instant


""",
    ),
    Add(
        "domain/events/experience.py",
        after="ExperienceEvent = ExperienceRecorded | ExperienceMet",
        text=" | MentorNamed | MentorCheckDue",
    ),
    Add(
        "domain/events/__init__.py",
        after="from domain.events.experience import ExperienceEvent, ExperienceMet, ExperienceRecorded",
        text=", MentorCheckDue, MentorNamed",
    ),
    Add(
        "domain/events/__init__.py",
        after='    "LowerGaveWay",\n',
        text='    "MentorCheckDue",\n    "MentorNamed",\n',
    ),
    Add(
        "views/timeline.py",
        before="    MessageRefused,\n    NoShowRecorded,\n",
        text="    MentorCheckDue,\n    MentorNamed,\n",
    ),
    Add(
        "views/timeline.py",
        after="SENTENCES: Mapping[type[BaseEvent], Callable[[Any], str]] = {\n",
        text="""\
    MentorNamed: lambda event: f"{event.mentor} is the mentor",
    MentorCheckDue: lambda event: "It is time to ask whether candidate and mentor have met",
""",
    ),
    Add(
        "domain/notices.py", before="    NoShowRecorded,\n    PurchaseConfirmed,\n    Recert", text="    MentorNamed,\n"
    ),
    Add(
        "domain/notices.py",
        after="WITH_NOTICE: tuple[type[BaseEvent], ...] = (\n",
        text="    MentorNamed,\n",
    ),
    Create(
        "activities/templates/mentor-named.txt.j2",
        "Subject: Your mentor\n\n{{ event.mentor }} is your mentor from now on.\n",
    ),
)

AN_ALARM = (
    Add("domain/vocabulary.py", after='    LOWER = "lower"\n', text='    MENTOR_CHECK = "mentor-check"\n'),
    Add(
        "domain/vocabulary.py",
        after='    REQUIREMENT_UNDONE = "requirement-undone"\n',
        text='    MENTOR_UNCONFIRMED = "mentor-unconfirmed"\n',
    ),
    Add(
        "views/alarms.py",
        after='    AlarmKind.LOWER: "the lower certificate is asked to give way",\n',
        text='    AlarmKind.MENTOR_CHECK: "a person is asked whether candidate and mentor have met",\n',
    ),
    Add(
        "views/words.py",
        after="ATTENTION: dict[AttentionKind, AttentionWords] = {\n",
        text="""\
    AttentionKind.MENTOR_UNCONFIRMED: AttentionWords(
        "ask the two whether they have met, then `acknowledge`", _ACKNOWLEDGE, "nobody has said that the two have met"
    ),
""",
    ),
)
"""The alarm raises an attention value that is new too."""

A_SEARCH_ATTRIBUTE = (
    Add(
        "runtime/attribute_names.py",
        after='    NEEDS_ATTENTION = "NeedsAttention"\n',
        text='    MENTORED = "Mentored"\n',
    ),
    Add(
        "runtime/search_attributes.py",
        before="ALL: Final[tuple[SearchAttributeKey[Any], ...]] = (\n",
        text="MENTORED: Final[SearchAttributeKey[bool]] = SearchAttributeKey.for_bool(Attribute.MENTORED.value)\n\n",
    ),
    Add("runtime/search_attributes.py", after="    NEEDS_ATTENTION,\n", text="    MENTORED,\n"),
    Add(
        "workflows/publishing.py",
        after="        keys.NEEDS_ATTENTION: _attention(state) or None,\n",
        text="        keys.MENTORED: state.mentor is not None,\n",
    ),
)

A_SCHEME_NUMBER = (
    Add(
        "domain/scheme.py",
        before="class RuleSet(Rules):",
        text='''\
class MentoringRules(Rules):
    """Mentors. So many seconds after one was named, a person is asked whether the two have met."""

    check_seconds: Annotated[int, Field(strict=True, ge=1, le=86_400)]


''',
    ),
    Add(
        "domain/scheme.py",
        after="    references: ReferenceRules = ReferenceRules()\n",
        text="""\
    # A programme that was pinned without this group takes this number.
    mentoring: MentoringRules = MentoringRules(check_seconds=15)
""",
    ),
    Add("schemes/ciac.toml", text="\n[rules.mentoring]\ncheck_seconds = 15\n"),
)

A_FIELD_OF_A_MESSAGE = (
    Add(
        "domain/commands/assessments.py",
        after='    about = "records a self-assessment of one domain"\n',
        text="    platform: Line | None = None\n",
    ),
    Add(
        "domain/events/assessments.py",
        after='    guidance: Literal["strength", "needs development"]\n',
        text="    platform: FreeText | None = None\n",
    ),
    Add(
        "domain/matters/self_assessments.py",
        after="        guidance=guidance(state, score),\n",
        text="        platform=command.platform,\n",
    ),
)

NEWER: Mapping[str, Sequence[Edit]] = {
    "a rule": A_RULE,
    "a command": A_COMMAND,
    "an event": AN_EVENT,
    "an alarm": AN_ALARM,
    "a search attribute": A_SEARCH_ATTRIBUTE,
    "a required number of the scheme": A_SCHEME_NUMBER,
    "an optional field of a message": A_FIELD_OF_A_MESSAGE,
}
"""What the newer build changes. The eighth change, other time zone rules, is no edit (`drill.trees.other_tzdata`)."""

ONLY_NEWER_COMMAND = "name_mentor"
ONLY_NEWER_FIELD = "platform"
ONLY_NEWER_EVENTS = ("MentorNamed", "MentorCheckDue")

EARLY_CHECKS: Mapping[str, Sequence[Edit]] = {
    "an earlier alarm": (
        Swap("domain/scheme.py", "MentoringRules(check_seconds=15)", "MentoringRules(check_seconds=6)"),
        Swap("schemes/ciac.toml", "\ncheck_seconds = 15\n", "\ncheck_seconds = 6\n"),
    )
}
"""For a drill whose parts are short: otherwise it would wait at its end for the last alarms."""

RAISED: Mapping[str, Sequence[Edit]] = {
    "a form that an older build must not read": (
        Swap(
            "domain/state.py", "    name: str\n    check_at: Instant\n", "    full_name: str\n    check_at: Instant\n"
        ),
        Swap("domain/matters/mentoring.py", "mentor.name !=", "mentor.full_name !="),
        Swap("domain/matters/mentoring.py", "Mentor(name=event.mentor,", "Mentor(full_name=event.mentor,"),
        Swap("domain/formats.py", "\nFORMAT = 1\n", "\nFORMAT = 2\n"),
        Swap(
            "domain/formats.py",
            "STEPS: tuple[Step, ...] = ()\n",
            """\
def _full_name(state: Document) -> Document:
    mentor = state.get("mentor")
    if mentor:
        mentor["full_name"] = mentor.pop("name")
    return state


STEPS: tuple[Step, ...] = (Step(to=2, why="a mentor without a full name would be forgotten", state=_full_name),)
""",
        ),
    ),
}
"""What a third build changes on top of the newer one. It raises the format, so that nobody can go back below it."""
