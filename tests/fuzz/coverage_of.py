"""Replays a target's inputs under coverage.py: ``coverage_of.py TARGET FOLDER…``; prints its totals as JSON.

Of the target's own modules alone. Lines that run when a module is imported count, as coverage.py counts them.
"""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage

from tests.fuzz.target import ROOT


def main(name: str, folders: list[str]) -> None:
    """Print the totals."""
    with tempfile.TemporaryDirectory() as folder:
        measured = Coverage(data_file=None, branch=True, source=[str(ROOT)], config_file=False)
        measured.start()
        from tests.fuzz.targets import TARGETS

        target = TARGETS[name]
        for path in sorted(path for folder in folders for path in Path(folder).glob("*")):
            target.run(path.read_bytes())
        measured.stop()
        report = Path(folder) / "report.json"
        own = [str(ROOT / Path(*module.split("."))) + ".py" for module in target.modules]
        with contextlib.redirect_stdout(io.StringIO()):
            measured.json_report(include=own, outfile=str(report))
        print(json.dumps(json.loads(report.read_text())["totals"]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
