"""Files of many rows, read and checked whole: `registrations` and `feeds` say what a row must hold.

`sources` fetches the text, `tables` knows columns and rows, `delimited` and `jsonlines` read rows of either kind, `cells`
says what is wrong with one. None of them knows Temporal.
"""
