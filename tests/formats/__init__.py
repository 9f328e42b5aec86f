"""What later versions must be able to read: recorded journals, kept for ever."""
