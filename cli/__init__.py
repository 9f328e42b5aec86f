"""The command line. Every verb has its module in `cli.verbs`; what several verbs use is in the modules beside them.

`main` has the table of verbs. It imports neither Temporal's SDK nor pydantic nor rich: `--help` answers at once.
"""
