"""Many small cases in one test: each of them as a test of its own would cost more than the work that it does."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Test = Callable[..., None]


@contextmanager
def case(*values: object) -> Iterator[None]:
    """Names the case below the message of whatever fails in it."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        error.add_note(f"The case is {', '.join(f'{value!r:.200}' for value in values)}.")
        raise


def each(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, but all cases are one test, which ends at the first case that fails.

    For tests without fixtures: what a fixture gives would be shared by the cases.
    """
    single = isinstance(names, str)
    rows = [(one,) if single else tuple(one) for one in cases]
    assert rows, "a test without a case proves nothing"
    fields = (names,) if isinstance(names, str) else names

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def all_cases(**others: Any) -> None:
            for row in rows:
                with case(*row):
                    test(**dict(zip(fields, row, strict=True)), **others)

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in fields]
        all_cases.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return all_cases

    return decorate
