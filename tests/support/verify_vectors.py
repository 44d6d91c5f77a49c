"""Vectors of verification: bundles as files, with the reports that they come to.

``python -m tests.support.verify_vectors write`` makes them anew, after a change of the rules or of a report that is
meant; ``python -m tests.support.verify_vectors replay FILE …`` verifies bundles and prints their reports as JSON.

Grades, codes, fates and numbers are what another implementation has to come to; sentences are for people, and another
implementation words them as it likes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from p2pcouncil.domain.planning.terms import Figures
from p2pcouncil.runtime.bundle import salvage_bundle, write_bundle
from p2pcouncil.verification.report import (
    BallotReport,
    CouncilReport,
    Finding,
    Report,
    RoundReport,
    VoteReport,
)
from p2pcouncil.verification.verify import verify
from tests.support.verify_scenes import SCENES

FOLDER = Path(__file__).parents[1] / "vectors" / "verify"


def to_json(report: Report) -> dict[str, Any]:
    """A report, with an array per finding, so that a difference can be read."""
    return {
        "holds": report.holds,
        "findings": _findings(report.findings),
        "councils": [_council(council) for council in report.councils],
    }


def _council(council: CouncilReport) -> dict[str, Any]:
    return {
        "council": council.council.hex(),
        "state_hash": council.state_hash.hex(),
        "is_whole": council.is_whole,
        "entries": council.entries,
        "findings": _findings(tuple(f for chapter in council.chapters for f in chapter.findings)),
        "pages": [
            {
                "number": page.number,
                "hash": page.hash.hex(),
                "time_ms": page.time_ms,
                "signers": len(page.signers),
                "quorum": page.quorum,
                "findings": _findings(page.findings),
            }
            for page in council.pages
        ],
        "votes": [_vote(vote) for vote in council.votes],
        "rounds": [_round(round_) for round_ in council.rounds],
    }


def _vote(vote: VoteReport) -> dict[str, Any]:
    return {
        "issue": vote.issue.hex(),
        "status": vote.status,
        "outcome": vote.outcome,
        "holds": vote.holds,
        "findings": _findings(vote.findings),
        "ballots": [_ballot(ballot) for ballot in vote.ballots],
        "counting": list(vote.counting),
    }


def _round(round_: RoundReport) -> dict[str, Any]:
    return {
        "round": round_.round.hex(),
        "plan": round_.plan.hex(),
        "number": round_.number,
        "status": round_.status,
        "outcome": round_.outcome,
        "holds": round_.holds,
        "findings": _findings(round_.findings),
        "proposals": [_ballot(ballot) for ballot in round_.ballots],
        "goods": [[good.name, _figures(good.page), _figures(good.again)] for good in round_.goods],
        "counting": list(round_.counting),
    }


def _figures(figures: Figures | None) -> list[int | None] | None:
    if figures is None:
        return None
    return [figures.supply, figures.demand, figures.price_milli, figures.value_micro]


def _ballot(ballot: BallotReport) -> dict[str, Any]:
    return {
        "member": ballot.member.hex(),
        "number": ballot.number,
        "place": ballot.place,
        "hash": ballot.hash.hex(),
        "fate": ballot.fate,
        "seals": ballot.seals,
        "of_seals": ballot.of_seals,
        "sentence": ballot.sentence,
    }


def _findings(findings: tuple[Finding, ...]) -> list[list[str]]:
    return [[finding.grade.value, finding.code, finding.sentence] for finding in findings]


def write(folder: Path) -> None:
    """Make the bundles, and the reports of what was just made."""
    folder.mkdir(exist_ok=True)
    for name, scene in SCENES.items():
        path = folder / f"{name}.p2pc"
        write_bundle(path, scene().records())
        report = to_json(verify(*salvage_bundle(path)))
        path.with_suffix(".json").write_text(
            json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def replay(paths: list[Path]) -> dict[str, Any]:
    """Reports of bundles, by the names of their files."""
    return {path.stem: to_json(verify(*salvage_bundle(path))) for path in paths}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write"]:
            write(FOLDER)
        case ["replay", *files] if files:
            print(json.dumps(replay([Path(file) for file in files])))
        case _:
            sys.exit(__doc__)
