"""The environment of a test process: from the first test on, only Python knows what is changed in it.

`os.environ` passes each change on to the C library, and the threads of Temporal's SDK read variables there whenever
they like, for example at each payload. If one of them reads while a variable is set, the whole process can end with a
segmentation fault. A test that runs a command in its own process changes many variables, so this did happen.

A process that a test starts has the variables from before the first test, unless the test gives it others (`env=`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def known_to_python_alone() -> Iterator[None]:
    """Inside this block, changes of `os.environ` do not reach the C library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "putenv", lambda name, value: None)
        patch.setattr(os, "unsetenv", lambda name: None)
        yield
