"""Voting methods as pure functions: exact arithmetic, announced rules, and no tie broken in silence."""
