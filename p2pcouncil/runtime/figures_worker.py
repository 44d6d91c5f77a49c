"""The process that works figures of planning rounds out: reads a question, answers it, ends when nobody needs it.

It is started by `figures_process`, knows nothing but what it is sent, and opens no file and no socket. What it loads,
the linear algebra, and what it computes, for seconds if somebody means it, holds nobody else up.
"""

import sys

from p2pcouncil.domain.planning.hour_tree import hour_tree
from p2pcouncil.domain.planning.plan_values import DIGITS, labour_weights
from p2pcouncil.domain.planning.round_figures import table_of, work_out
from p2pcouncil.runtime.figures_parcel import decode_question, encode_answer
from p2pcouncil.runtime.helper import answer_until_idle


def answer(question: bytes) -> bytes:
    """Answer a question, both as `figures_parcel` puts them."""
    task, product, threshold = decode_question(question)
    if not product:
        return encode_answer(work_out(task))
    table = table_of(task)
    at = table.index(product) if table is not None else -1
    if table is None or at < 0:
        return encode_answer(None)
    return encode_answer(hour_tree(table, at, DIGITS, labour_weights(task.terms), threshold))


if __name__ == "__main__":
    answer_until_idle(int(sys.argv[1]), answer)
