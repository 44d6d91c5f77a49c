"""What holds for the whole suite."""

import gc

import pytest

OBJECTS_BEFORE_COLLECTING = 50_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the quick tests for the end, the rest as chance had it: no worker is to wait a minute for the last one."""
    items.sort(key=lambda item: "unit" in item.path.parts)


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what was imported and collected, and look seldom at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, 10, 10)
