"""However late the engine comes back, and whatever it hears first, the rules count from the days that were due."""

import copy
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.invariants import check
from tests.properties.random_steps import PROFILE, STEPS, Player, Step
from tests.unit.domain.builders import DOMAINS, START, Candidacy, days, holder, with_rules
from views.standing import status_view
from views.status import StatusView

HARMLESS: list[tuple[str, dict[str, Any]]] = [
    ("confirm_purchase", {"reference": "INV-77"}),
    ("record_experience", {}),
    ("update_contact", {"email": "ana.ruiz@example.org"}),
    ("record_self_assessment", {"domain": DOMAINS[0], "percentage": 50, "taken_at": START}),
    ("acknowledge", {"attention": "nothing", "by": "B"}),
]
"""Messages that are known, or change nothing that a rule counts from."""

WAITING = st.tuples(
    st.sampled_from(["CCSL", "CCOM", "CCMA"]),
    st.sampled_from([0, 1, 10, 200, 364]),
    st.sampled_from(["nothing", "a review", "everything"]),
)
"""Who waits: the designation, how many days the anniversary of the experience is away, and what is done of the rest."""


def waiting(designation: str, away: int, done: str) -> Candidacy:
    since = (START - days(365 - away)).date().isoformat() if designation != "CCMA" else None
    candidacy = Candidacy(designation, at=START, since=since)
    if done == "everything":
        candidacy.certify()
    if done == "a review" and candidacy.state.programme.work_product:
        candidacy.pass_all()
        candidacy.submit()
    return candidacy


def another(candidacy: Candidacy) -> Candidacy:
    """The same candidacy once more, to be carried on in another way."""
    other = copy.copy(candidacy)
    for name in ("events", "steps", "effects"):
        setattr(other, name, list(getattr(candidacy, name)))
    return other


def counts(candidacy: Candidacy, now: datetime) -> dict[str, Any]:
    """What the rules count, without what tells when it was decided and what was said about it."""
    status: StatusView = status_view(candidacy.state, "Ana Ruiz", now)
    left_out = {"sequence", "next", "upcoming", "self_assessments", "attention", "matters"}
    shown = status.model_dump(exclude=left_out)
    if shown["closed"]:
        shown["closed"].pop("at")
    return shown


def say(candidacy: Candidacy, name: str, fields: dict[str, Any]) -> None:
    """Sends the message; one that repeats the experience has the newest record, and is left out where there is none."""
    if name == "record_experience":
        claims = candidacy.state.experience
        if not claims:
            return
        newest = claims[-1]
        fields = {"role": newest.role, "started_on": newest.started_on}
        fields |= {"ended_on": newest.ended_on} if newest.ended_on else {}
    if not candidacy.state.closed:
        candidacy.signal(name, **fields)


@settings(PROFILE, max_examples=120)
@given(
    who=WAITING,
    steps=STEPS.map(lambda steps: steps[:6]),
    jump=st.sampled_from([(0, 0), (0, 1), (0, 20), (1, 0), (1, 400), (2, 3), (3, 1000), (5, 0)]),
    message=st.sampled_from(HARMLESS),
)
def test_an_outage_moves_no_day(
    who: tuple[str, int, str], steps: list[Step], jump: tuple[int, int], message: tuple[str, dict[str, Any]]
) -> None:
    candidacy = waiting(*who)
    player = Player(candidacy)
    for given_step in steps:
        player.play(given_step)
    coming = [alarm.at for alarm in candidacy.alarms if alarm.at > candidacy.clock]
    if candidacy.state.closed or not coming:
        return
    nth, later = jump
    back = max(coming[min(nth, len(coming) - 1)] + timedelta(days=later), candidacy.clock)
    in_time, late, message_first = another(candidacy), another(candidacy), another(candidacy)
    in_time.advance_to(back)
    late.outage_until(back)
    assert counts(late, back) == counts(in_time, back)
    message_first.clock = back
    say(message_first, *message)
    message_first.outage_until(back)
    say(in_time, *message)
    in_time.advance_to(back)
    assert counts(message_first, back) == counts(in_time, back)


HEARD = st.tuples(
    st.sampled_from(["expires_at", "lapses_at", "ends_at"]),
    st.sampled_from([-400, -100, -15, -14, -1, 0, 1, 14, 15, 100]),
    st.sampled_from([None, "expires_at", "lapses_at"]),
    st.sampled_from([-30, -1, 0, 20]),
    st.sampled_from(["nothing", "suspend", "returned", "approved"]),
)
"""When a holder's evidence is heard, first of all after an outage: so many days after a border. When it was submitted,
by its own word, and what is heard right after it."""


@settings(PROFILE, max_examples=300)
@given(
    before=st.sampled_from([-800, -1, 5, 20, 60, 85, 95, 200, 300]), heard=HEARD, grace=st.sampled_from([30, 90, 120])
)
def test_whatever_a_holder_says_first_the_status_fits_the_evidence(
    before: int, heard: tuple[str, int, str | None, int, str], grace: int
) -> None:
    border, late, submitted, off, then = heard
    candidacy = holder(certified_on="2027-03-05")
    candidacy.current_programme = with_rules(certificate={"grace_days": grace}).programme("CCMA")
    dates = candidacy.state.certificate
    assert dates is not None
    candidacy.advance_to(max(dates.expires_at + days(before), candidacy.clock))
    candidacy.clock = max(getattr(dates, border) + days(late), candidacy.clock)
    if candidacy.state.closed:
        return
    moment = {"submitted_at": min(getattr(dates, submitted) + days(off), candidacy.clock)} if submitted else {}
    activities = [{"title": "A course", "completed_on": dates.cycle_starts_on}]
    candidacy.signal("submit_recertification", submission_id="E-1", activities=activities, **moment)
    if then == "suspend":
        candidacy.signal("suspend", by="B", reason="r")
    elif then != "nothing":
        candidacy.signal("review_recertification", submission_id="E-1", reviewer="R", verdict=then)
    candidacy.outage_until(candidacy.clock)
    check(candidacy)
