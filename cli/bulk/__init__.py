"""Files of many rows: read and checked here, carried out by the verbs `import` and `results`.

`registrations` and `feeds` say what a row must hold; `tables` reads rows of either kind of file; `sources` fetches the
text. None of them knows Temporal.
"""
