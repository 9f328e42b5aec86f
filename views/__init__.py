"""What people read of a candidacy: status, timeline, current details, and their words. Nothing is decided here."""
