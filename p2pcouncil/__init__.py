"""Decide and plan together without a server. Imports nothing: each part is imported where it is needed."""
