"""Acts on thousands, which may be ended anywhere and begun again: the verbs `import`, `results` and `message`.

`enrolling`, `delivering` and `addressing` are the three; `act` is what they share: the plan, the workers (`running`)
and the outcome file (`outcomes`). The files themselves are read by the package `feeds`.
"""
