"""What `make` installs without resolving: every requirement is in the pinned list, and libp2p runs on our fastecdsa."""

import re
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINNED = {
    canonicalize_name(line.split("==")[0]): line.split("==")[1].strip()
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if "==" in line and not line.startswith("#")
}
KNOWINGLY_UNMET = {("libp2p", "fastecdsa"), ("libp2p", "types-requests"), ("libp2p", "mypy-protobuf")}
"""fastecdsa 2.3.2 needs a compiler, and 3.0.1 has what libp2p uses; the other two are for libp2p's own development."""


def requirements_of(name: str) -> list[Requirement]:
    found = [Requirement(text) for text in distribution(name).requires or ()]
    return [r for r in found if r.marker is None or r.marker.evaluate({"extra": ""})]


def test_what_the_project_names_is_pinned_and_fits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for text in project["dependencies"]:
        requirement = Requirement(text)
        pinned = PINNED[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned, prereleases=True), text


def test_the_pinned_list_is_closed() -> None:
    unmet = []
    for name in PINNED:
        for requirement in requirements_of(name):
            needed = canonicalize_name(requirement.name)
            if (name, needed) in KNOWINGLY_UNMET:
                continue
            pinned = PINNED.get(needed)
            if pinned is None or not requirement.specifier.contains(pinned, prereleases=True):
                unmet.append(f"{name} needs {requirement}, pinned {pinned}")
    assert unmet == []


def test_what_is_pinned_is_what_is_installed() -> None:
    assert {name: version(name) for name in PINNED} == PINNED


def test_what_libp2p_imports_from_fastecdsa_is_there() -> None:
    folder = Path(distribution("libp2p").locate_file("libp2p"))
    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    statements = {
        match.group(0).strip()
        for source in sources
        for match in re.finditer(
            r"^\s*(from fastecdsa[\w. ]* import [\w ,]+|import fastecdsa[\w. ]*)$", source, re.M
        )
    }
    assert statements, "libp2p doesn't use fastecdsa any more: drop it"
    for statement in statements:
        exec(statement, {})
