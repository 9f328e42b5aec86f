"""Reads files of many rows and checks every row, so that the caller knows all faults before it sends anything.

`results` reads a vendor's feed of results, `registrations` a file of candidates. Both work in the same steps:
`sources` gets the text, `reading` finds out whether it is CSV (`delimited`) or JSON lines (`jsonlines`), `header`
finds the known columns, `checking` puts each row to the check, and `explain` and `dates` say what is wrong with a
cell and what to write instead. `spreadsheets` finds what a spreadsheet has damaged, and `lookalikes` what is probably
one. `bad_rows` writes the bad rows alone. `table` has the types that these modules pass to each other.

A fault of one row is a value, `table.Problem`; a good row that may not be what was meant is a `checking.Doubt`. A
fault of the whole file raises `errors.FeedError`. This package knows no terminal and no Temporal, and it reads no
clock and no scheme: both are arguments.
"""
