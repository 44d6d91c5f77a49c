"""Real elections, whose ballots and results are public."""

import re
from pathlib import Path

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import Approval, Method, Ranked, Stv
from p2pcouncil.domain.tally.outcome import Tally
from p2pcouncil.domain.tally.rounds import VOTE, Stage

BURLINGTON = Path(__file__).parents[1] / "vectors" / "burlington_2009.toi"
KISS, MONTROLL, SIMPSON, SMITH, WRIGHT, WRITE_IN = range(6)


def burlington(method: Method) -> Tally:
    """The mayoral election of 2009; a ballot counts up to the first rank that it shares out, as the city counted."""
    text = BURLINGTON.read_text(encoding="utf-8")
    names = tuple(re.findall(r"^# ALTERNATIVE NAME \d+: (.+)$", text, re.MULTILINE))
    ballots: list[tuple[Choice, int]] = []
    for times, order in re.findall(r"^(\d+): (.+)$", text, re.MULTILINE):
        alone = order.split("{")[0].strip(",")
        choice = tuple((int(number) - 1,) for number in alone.split(",") if number)
        ballots.append((choice[:1] if isinstance(method, Approval) else choice, int(times)))
    counter = Counter(method, names, 8_980)
    for choice, times in ballots:
        counter.add(choice, times)
    return counter.result()


def test_burlington_by_plurality_is_wrights() -> None:
    result = burlington(Approval(0))
    assert result.winners == (WRIGHT,)
    assert result.counts == (2_585, 2_063, 35, 1_306, 2_951, 36)


def test_burlington_by_transfers_is_kisss() -> None:
    """One seat: the instant run-off that was held, with its last two rounds as announced."""
    result = burlington(Stv(0, 1))
    assert result.winners == (KISS,)
    stages = [each for each in result.rounds if isinstance(each, Stage)]
    assert [stage.whose for stage in stages[1:5]] == [(SIMPSON,), (WRITE_IN,), (SMITH,), (MONTROLL,)]
    votes = {option: count // VOTE for option, count in enumerate(stages[4].votes) if count}
    assert votes == {KISS: 4_313, WRIGHT: 4_060}
    assert "“Andy Montroll” has the fewest votes" in " ".join(explain(result))


def test_burlington_by_majorities_is_montrolls() -> None:
    result = burlington(Ranked(0))
    assert (result.pairwise[MONTROLL][KISS], result.pairwise[KISS][MONTROLL]) == (4_064, 3_476)
    assert all(
        result.pairwise[MONTROLL][rival] > result.pairwise[rival][MONTROLL]
        for rival in range(6)
        if rival != MONTROLL
    )
    assert result.winners == (MONTROLL,)
