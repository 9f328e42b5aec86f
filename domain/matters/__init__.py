"""The matters of the rulebook, a module each: what a message leads to, what an event does, when to ask again."""
