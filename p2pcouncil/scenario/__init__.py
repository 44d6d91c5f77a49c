"""Stories that are played by real processes: data in a file, verbs of the command line, and what must come of it."""
