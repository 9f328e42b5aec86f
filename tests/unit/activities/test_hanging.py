"""Which attempts wait for a mail server that hangs, and which end at once."""

from contextlib import ExitStack

from activities.hanging import LONG_SECONDS, Attempt, Attempts
from tests.unit.activities.test_waiting_notices import Clock

MOST = 3


def begin(attempts: Attempts, count: int, until: ExitStack) -> list[Attempt]:
    """So many attempts that wait until the end."""
    return [until.enter_context(attempts.one()) for _ in range(count)]


def test_any_number_may_wait_for_a_server_that_has_not_waited_long() -> None:
    clock = Clock()
    attempts = Attempts(MOST, clock)
    with ExitStack() as until:
        begin(attempts, 5 * MOST, until)
        assert not attempts.are_enough()
        clock.seconds += LONG_SECONDS - 1
        assert not attempts.are_enough()


def test_nobody_else_waits_where_enough_have_waited_long() -> None:
    clock = Clock()
    attempts = Attempts(MOST, clock)
    with ExitStack() as until:
        begin(attempts, MOST - 1, until)
        clock.seconds += LONG_SECONDS
        assert not attempts.are_enough()
        begin(attempts, 1, until)
        assert not attempts.are_enough(), "the youngest may soon be answered"
        clock.seconds += LONG_SECONDS
        assert attempts.are_enough()


def test_the_oldest_attempts_may_wait_on_and_the_others_not() -> None:
    attempts = Attempts(MOST)
    with ExitStack() as until:
        waiting = begin(attempts, 5, until)
        assert [attempts.has_enough_before(one) for one in waiting] == [False, False, False, True, True]


def test_after_an_attempt_that_has_waited_in_vain_only_some_wait_until_one_is_answered() -> None:
    clock = Clock()
    attempts = Attempts(MOST, clock)
    with ExitStack() as until:
        begin(attempts, MOST, until)
        clock.seconds += LONG_SECONDS
    with ExitStack() as until:
        first = begin(attempts, MOST - 1, until)[0]
        assert not attempts.are_enough()
        begin(attempts, 1, until)
        assert attempts.are_enough()
        first.answered = True
    with ExitStack() as until:
        # The others ended at once and unanswered, which says nothing of the server.
        begin(attempts, 5 * MOST, until)
        assert not attempts.are_enough()
