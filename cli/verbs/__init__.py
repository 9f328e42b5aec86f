"""One module for each verb, or for several of a kind: the command with its flags, and what the command does.

`cli.main.VERBS` names the modules. A module is imported only when its verb is named, so it imports what it needs at its
top.
"""
