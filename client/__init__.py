"""Whatever talks to candidacies from outside: the command line, the demo, and programs of your own.

`candidacy` is one candidacy, `enrolment` opens one, `finding` finds many, `asking` asks them, `bulk` acts on thousands.
`errors` is what may go wrong. Nothing here prints, asks a person, or ends a process.
"""
