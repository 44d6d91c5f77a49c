"""Reconciling two peers' sets of envelopes, by pulling: the one asks for what the other holds and it lacks.

Sans-I/O. The asker runs a `Pull`; the other side answers each question by itself (`answer`) and keeps nothing
of it. Fingerprints find the ranges of lanes that differ, summaries the lanes, and then envelopes are fetched.
Both run their own pulls, so each ends with the union of the two sets. Pulls from several peers share what is
to be fetched by a table of `Claims`, and pass over what stands at the `Doorstep`.
Source: DESIGN section 3; A. Meyer, "Range-Based Set Reconciliation" (2022), and Negentropy.
"""

from crdt.sync_answer import answer
from crdt.sync_claims import Claims
from crdt.sync_doorstep import Doorstep
from crdt.sync_pull import Pull, tops_of
from crdt.sync_wire import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES

__all__ = [
    "MAX_ANSWER_BYTES",
    "MAX_REQUEST_BYTES",
    "MAX_RESPONSE_BYTES",
    "Claims",
    "Doorstep",
    "Pull",
    "answer",
    "tops_of",
]
