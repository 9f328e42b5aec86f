"""`make formats`: writes what a change must add to the files that are kept for ever, and refuses to change what stands.

It writes nothing while something is wrong: the sentences say what to do. docs/changing.md has the whole way.
"""

from __future__ import annotations

import sys

from tests.formats import answers, digests, journals, kept, shapes, specimens
from tests.formats.kept import Addition

KEEPERS = (shapes, digests, specimens, journals, answers)
"""Each has `faults()`, what today's code does otherwise than what stands, and `additions()`, what is to be added."""


def main() -> int:
    """Writes the additions; returns the exit code."""
    wrong = [*kept.changed(), *(fault for keeper in KEEPERS for fault in keeper.faults())]
    for sentence in wrong:
        sys.stderr.write(f"{sentence}.\n")
    if wrong:
        sys.stderr.write("Nothing was written.\n")
        return 1
    additions: list[Addition] = [addition for keeper in KEEPERS for addition in keeper.additions()]
    kept.write(additions)
    for addition in additions:
        sys.stdout.write(f"tests/formats/{addition.path.relative_to(kept.FOLDER)}: {addition.what}\n")
    if not additions:
        sys.stdout.write("Everything that must be kept is there.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
