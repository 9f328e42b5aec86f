"""One module for each verb: `add_parser` describes it, `run` does it and imports what it needs."""
