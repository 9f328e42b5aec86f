"""What the verbs `import`, `results` and `message` share: their options, and a bulk act shown to people.

What is done to each row is in `client.bulk`. `carrying` shows progress, stops on Ctrl-C and answers the exit code;
`rows` tells of bad rows.
"""
