"""A parser that builds its arguments when it is first asked to parse.

`starter.py --help` names some thirty verbs and needs the flags of none; to build them all would cost more than all the
rest of it.
"""

import argparse
from collections.abc import Callable
from typing import Any


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser`; `fill`, if given, adds its arguments, and is called once, as late as can be."""

    def __init__(self, *args: Any, fill: "Callable[[Parser], None] | None" = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._fill = fill

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the base class: a verb's own parser is asked by this method, for its `--help` too."""
        if self._fill:
            fill, self._fill = self._fill, None
            fill(self)
        return super().parse_known_args(args, namespace)
