"""The command line. Every verb is one module of `cli.verbs`; what they share stands beside them.

Nothing here imports the SDK, pydantic or rich before a verb runs: `--help` and bad usage answer at once.
"""
