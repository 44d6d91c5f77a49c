"""A table to begin with, for each method: printed by the command line, and shown in `docs/counting.md`."""

from typing import Literal, TypeAlias

MethodName: TypeAlias = Literal["yes-no", "approval", "ranked", "score", "stv", "equal-shares"]
"""Methods as the command line names them."""

_COUNTED = """\
# Equal ballots may share a line: count says how many they are.
# blank: a blank ballot. invalid: a spoilt one, reported and not counted.
"""
_NUMBERED = """\
# One line for each ballot; the first cell is the number on the paper.
# blank: a blank ballot. invalid: a spoilt one, reported and not counted.
"""
_TEMPLATES: dict[MethodName, str] = {
    "yes-no": f"""\
# Write yes, no or abstain; blank abstains, too.
{_COUNTED}count,vote
21,yes
13,no
2,abstain
1,invalid
""",
    "approval": f"""\
# Write x under each option that the ballot approves of.
{_COUNTED}count,Rye,Wheat,Spelt
8,x,,x
5,,x,
1,blank,,
1,invalid,,
""",
    "ranked": f"""\
# Write 1 under the best, 2 under the next, the same number under equals.
# What has no number comes after all that have one.
{_NUMBERED}ballot,Rye,Wheat,Spelt
1,1,2,3
2,2,1,2
3,,1,
4,blank,,
5,invalid,,
""",
    "score": f"""\
# Write the points under each option; nothing means 0.
{_NUMBERED}ballot,Rye,Wheat,Spelt
1,5,3,0
2,2,4,5
3,,5,
4,blank,,
5,invalid,,
""",
    "stv": f"""\
# Write 1 under the first choice, 2 under the second, and so on; no equals.
{_NUMBERED}ballot,Ada,Ben,Chloe,Dan
1,1,2,,
2,1,3,2,
3,,1,2,3
4,,,2,1
5,blank,,,
6,invalid,,,
""",
    "equal-shares": f"""\
# Write x under each project that the ballot approves of.
# The line cost says what each project costs, 1200 or 1200.50 without commas.
{_COUNTED}count,Bicycle stand,Ramp,Lamps
cost,300,1200,450
12,x,,x
9,,x,
1,blank,,
1,invalid,,
""",
}


def template(method: MethodName) -> str:
    """A table with a few ballots, ready to be filled in and to be counted by this method."""
    return _TEMPLATES[method]
