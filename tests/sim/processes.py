"""Processes that share the seeds of a simulator."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.pool import Pool

CHUNKS_OF_A_PROCESS = 50
OBJECTS_BEFORE_COLLECTING = 200_000


@contextmanager
def processes(jobs: int) -> Iterator[Pool]:
    """So many processes, begun anew now and then: the caches of thousands of societies would only grow.

    They collect garbage seldom, as a society is garbage as a whole: a tenth of a run's time.
    """
    with get_context("spawn").Pool(jobs, collect_seldom, maxtasksperchild=CHUNKS_OF_A_PROCESS) as pool:
        yield pool


def collect_seldom() -> None:
    """Look for cycles after so many objects instead of Python's 700."""
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, 10, 10)
