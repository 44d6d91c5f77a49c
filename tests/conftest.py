"""What holds for the whole suite."""

import gc


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what was imported and collected: it lives as long as the process."""
    gc.collect()
    gc.freeze()
