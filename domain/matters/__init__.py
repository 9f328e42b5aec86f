"""The matters of the rulebook, one module each. A matter decides commands, folds events, and sets alarms."""
