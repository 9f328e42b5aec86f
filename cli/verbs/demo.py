"""`starter.py demo`: the whole story on servers of its own."""

import argparse


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "demo",
        help="watch candidates of all four designations, then end",
        description=(
            "Plays the people and results of examples/ on an embedded Temporal server, then a few lives "
            "of many years on a server that skips time. Needs nothing running, leaves nothing behind."
        ),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plays both parts."""
    import asyncio

    from cli.demo import play

    return asyncio.run(play())
