"""Signed CRDT documents: what anyone says, replicated and verified, without asking anybody.

The package knows no councils, no network and no clock. `store` alone touches a disk.
"""
