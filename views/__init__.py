"""What people read about a candidacy: its status, its timeline and its current details. Nothing is decided here."""
