"""What later versions must be able to read: recorded histories and journals, kept for ever."""
