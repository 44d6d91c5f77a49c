"""Bundles of `tests/vectors/verify/` come to the reports that lie beside them, in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.verify_scenes import SCENES
from tests.support.verify_vectors import FOLDER, write


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_bundles_come_to_their_reports(hash_seed: str) -> None:
    paths = sorted(FOLDER.glob("*.p2pc"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.verify_vectors", "replay", *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[2],
    )
    reports = json.loads(done.stdout)
    assert sorted(reports) == sorted(SCENES)
    for path in paths:
        assert reports[path.stem] == json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), (
            path.stem
        )


def test_the_generator_makes_the_very_files(tmp_path: Path) -> None:
    write(tmp_path)
    for path in sorted(FOLDER.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
