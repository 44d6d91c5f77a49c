"""Real elections, whose ballots and results are public."""

import re
from pathlib import Path

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import Approval, Method, Ranked, Stv
from p2pcouncil.domain.tally.outcome import Tally
from p2pcouncil.domain.tally.rounds import VOTE, Stage

VECTORS = Path(__file__).parents[1] / "vectors"
KISS, MONTROLL, SIMPSON, SMITH, WRIGHT, WRITE_IN = range(6)


def public(file: str, method: Method) -> Tally:
    """Count a public election; a ballot counts up to the first rank that it shares out, as Burlington counted."""
    text = (VECTORS / file).read_text(encoding="utf-8")
    names = tuple(re.findall(r"^# ALTERNATIVE NAME \d+: (.+)$", text, re.MULTILINE))
    rows = re.findall(r"^(\d+): (.+)$", text, re.MULTILINE)
    counter = Counter(method, names, sum(int(times) for times, _ in rows))
    for times, order in rows:
        alone = order.split("{")[0].strip(",")
        choice: Choice = tuple((int(number) - 1,) for number in alone.split(",") if number)
        counter.add(choice[:1] if isinstance(method, Approval) else choice, int(times))
    return counter.result()


def burlington(method: Method) -> Tally:
    """The mayoral election of 2009."""
    return public("burlington_2009.toi", method)


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


def test_a_council_ward_elects_whom_it_elected_stage_by_stage() -> None:
    """Almond, 2022: stage by stage as Wikipedia tells it ("Almond (ward)"), in whole votes.

    Left out is Stewart Geddes, who was excluded: there he has 18 votes more from the third stage on, which the ballots
    don't bear out.
    """
    result = public("almond_2022.soi", Stv(0, 4))
    declared = {
        "Kevin Lang": (5904, 2782, 2782, 2782, 2782, 2782, 2782, 2782),
        "Norrie Work": (2911, 2911, 2911, 2782, 2782, 2782, 2782, 2782),
        "Louise Young": (2221, 4937, 2782, 2782, 2782, 2782, 2782, 2782),
        "Lewis James Younie": (200, 313, 2208, 2218, 2223, 2251, 2435, 2870),
        "James Hill": (1040, 1162, 1242, 1244, 1245, 1290, 1355, 1416),
        "Andrew Brough": (736, 799, 852, 918, 938, 958, 1187),
        "Fred Hessler": (688, 742, 786, 803, 816, 837),
        "Annemarie Baillie": (61, 65, 67, 69),
    }
    stages = [each for each in result.rounds if isinstance(each, Stage)]
    for name, told in declared.items():
        option = result.options.index(name)
        votes = tuple((stage.votes[option] + VOTE // 2) // VOTE for stage in stages)
        assert votes == told + (0,) * (len(stages) - len(told)), name
    elected = ["Kevin Lang", "Lewis James Younie", "Louise Young", "Norrie Work"]
    assert sorted(result.options[winner] for winner in result.winners) == elected
    assert "the quota is 13909 ÷ (4 + 1), rounded down, + 1 = 2782" in explain(result)[1]
