"""What the verbs `import`, `results` and `message` share: their options, and a bulk act shown to people.

`client.bulk` does the work, and `feeds` reads the files. Here `carrying` shows progress, stops on Ctrl-C and returns
the exit code; `rows` reports bad rows.
"""
