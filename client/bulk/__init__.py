"""Acts on thousands of candidacies, which may be ended anywhere and begun again.

`enrolling`, `delivering` and `addressing` each make a `Plan`; `act` carries a plan out and says what came of each item;
`outcomes` is the file that holds it.
"""
