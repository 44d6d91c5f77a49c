"""Verifying a council from its bytes alone: pure functions from a bundle's records to a report in plain sentences."""
