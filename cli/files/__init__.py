"""Files of many rows, read and checked whole: `registrations` and `feeds` say what a row must hold.

`sources` fetches the text, `reading` tells the kind of table, `delimited` and `jsonlines` read rows of either kind,
`tables` is what they make: columns and rows; `cells` says what is wrong with one. None of them knows Temporal.
"""
