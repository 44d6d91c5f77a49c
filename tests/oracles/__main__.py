"""``python -m tests.oracles --runs 5000 --seed 1``: compare on random votes and tables; exit code 1 if any disagrees.

``--record FILE`` keeps the votes with the answers, for the suite to replay.
"""

import argparse
import gzip
import json
import sys
import warnings
from pathlib import Path

import msgspec

warnings.filterwarnings("ignore")  # The libraries' own, about what they depend on.

from tests.oracles.prices import compare_prices  # noqa: E402
from tests.oracles.profiles import METHODS, Vote, random_vote  # noqa: E402
from tests.oracles.theirs import Answer, TooManyLots, ask  # noqa: E402

SHOWN = 3
PRICES = "prices"
"""Disagreements printed in full, for each method."""


def compare(method: str, seed: int, runs: int, kept: list[object]) -> tuple[int, int, int, int]:
    """Compare votes of one method.

    Returns:
        Votes compared, ties among them, votes left out, disagreements.
    """
    compared = ties = left_out = disagreements = 0
    for number in range(runs):
        vote = random_vote(method, seed, number)
        try:
            theirs = ask(vote)
        except TooManyLots:
            left_out += 1
            continue
        tally = vote.count()
        ours: Answer = tally.winners, tally.tied
        compared += 1
        ties += bool(theirs[1])
        if ours != theirs:
            disagreements += 1
            if disagreements <= SHOWN:
                print(f"{method} {number}: ours {ours}, theirs {theirs}\n  {vote}", file=sys.stderr)
        kept.append(row(vote, theirs))
    return compared, ties, left_out, disagreements


def row(vote: Vote, answer: Answer) -> object:
    """A vote and the answer, as they are kept."""
    ballots = [[choice, times] for choice, times in vote.ballots.items()]
    return msgspec.to_builtins([vote.method, vote.size, ballots, *answer])


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--method", choices=[*METHODS, PRICES])
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    kept: list[object] = []
    wrong = 0
    print(f"{'method':<14}{'profiles':>10}{'ties':>8}{'left out':>10}{'disagreements':>15}")
    for method in [given.method] if given.method else [*METHODS, PRICES]:
        if method == PRICES:
            tables, disagreements = compare_prices(given.runs, given.seed)
            wrong += disagreements
            print(f"{method:<14}{tables:>10,}{'':>8}{'':>10}{disagreements:>15,}", flush=True)
            continue
        compared, ties, left_out, disagreements = compare(method, given.seed, given.runs, kept)
        wrong += disagreements
        print(f"{method:<14}{compared:>10,}{ties:>8,}{left_out:>10,}{disagreements:>15,}", flush=True)
    if given.record:
        lines = "\n".join(json.dumps(line, separators=(",", ":")) for line in kept)
        # Neither name nor time in the header, so that the same answers make the same file.
        given.record.write_bytes(gzip.compress(lines.encode() + b"\n", 9, mtime=0))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
