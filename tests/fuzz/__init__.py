"""Coverage-guided fuzzing of everything that sees bytes of others; see docs/testing.md."""
