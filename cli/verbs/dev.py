"""`starter.py dev`: a Temporal server with its UI and a worker, in the foreground, data kept."""

import argparse
from pathlib import Path

from cli import exits, output


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "dev",
        help="run an embedded Temporal server, its UI and a worker",
        description="Runs an embedded Temporal server, its Web UI and a worker until Ctrl-C. Data is kept.",
    )
    parser.add_argument("--port", type=_port, default=7233, help="of the server (default 7233)")
    parser.add_argument("--ui-port", type=_port, default=8233, help="of the Web UI (default 8233)")
    parser.add_argument("--db", type=Path, help="SQLite file (default var/temporal.db)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs until it is told to stop."""
    import asyncio

    from runtime import development
    from runtime.settings import STATE

    db = args.db.expanduser().resolve() if args.db else STATE / "temporal.db"
    try:
        asyncio.run(development.serve(args.port, args.ui_port, db, output.say))
    except development.PortInUse as error:
        flag = "--port" if error.port == args.port else "--ui-port"
        raise exits.Unreachable(
            f"Port {error.port} is in use: another `starter.py dev`? Stop it, or choose with {flag}."
        ) from error
    except development.CannotServe as error:
        raise exits.Unreachable(str(error)) from error
    except development.WorkerRefusesSettings as error:
        raise exits.BadInput(str(error)) from error
    return exits.DONE


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port number")
    return int(text)
