"""A story's steps as sentences, so that whoever watches knows what real processes do just now."""

from p2pcouncil.scenario.plan_narrate import plan_title, tell_plan
from p2pcouncil.scenario.plan_steps import AdoptPlan, BeginPlan
from p2pcouncil.scenario.steps import (
    AnyStep,
    Comment,
    Edit,
    Expect,
    Found,
    Join,
    Kill,
    Open,
    Propose,
    Report,
    Review,
    Second,
    Settle,
    Start,
    Stop,
    Tell,
    Together,
    Verify,
    Vote,
)
from p2pcouncil.scenario.story import Story

QUOTED_CHARS = 90


class Narrator:
    """Says each step in the names of its story."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._councils: dict[str, str] = {}
        self._proposals: dict[str, str] = {}
        self._proposed: dict[str, Propose] = {}
        self._voted: set[tuple[str, str]] = set()

    def tell(self, step: AnyStep) -> str:
        """The sentence for a step; empty if there is nothing to say."""
        match step:
            case Tell(text=text):
                return text
            case Together(steps=steps):
                return "\n".join(["At the same time:", *(f"  {self.tell(part)}" for part in steps)])
            case Start(who=who):
                return f"{self._name(who)}'s peer starts."
            case Stop(who=who):
                return f"{self._name(who)} goes offline."
            case Kill(who=who):
                return f"{self._name(who)}'s laptop loses power: the process is killed (SIGKILL)."
            case Found(who=who, council=council, name=name, under=under):
                self._councils[council] = name
                below = f", below “{self._councils[under]}”" if under else ""
                return f"{self._name(who)} founds “{name}”{below}."
            case Join(who=who, council=council, sponsor=sponsor, vouchers=vouchers):
                name = f"“{self._councils[council]}”"
                vouch = " and ".join(self._name(key) for key in vouchers)
                vouch += " vouches." if len(vouchers) == 1 else " vouch."
                if sponsor:
                    return f"{self._name(sponsor)} invites {self._name(who)} to {name}; {vouch}"
                return f"{self._name(who)} asks to join {name}; {vouch}"
            case Propose(who=who, council=council, proposal=proposal, title=title, method=method):
                self._proposals[proposal] = title
                self._proposed[proposal] = step
                return f"{self._name(who)} proposes in “{self._councils[council]}”: {title} ({method})."
            case Edit(who=who, proposal=proposal, append=append, replace=replace, by=by):
                what = (
                    f"adds “{_quoted(append)}”"
                    if append
                    else f"writes “{_quoted(by)}” for “{_quoted(replace)}”"
                )
                return f"{self._name(who)} edits “{self._proposals[proposal]}”: {what}."
            case Comment(who=who, text=text):
                return f"{self._name(who)}: “{_quoted(text)}”"
            case Second(who=who, proposal=proposal):
                return f"{self._name(who)} seconds “{self._proposals[proposal]}” as it stands."
            case Open(who=who, proposal=proposal):
                return f"{self._name(who)} asks for the vote on “{self._proposals[proposal]}”."
            case Vote(who=who, proposal=proposal, refused=refused):
                if refused:
                    return f"{self._name(who)} tries to vote and is told why not."
                again = " again" if (who, proposal) in self._voted else ""
                self._voted.add((who, proposal))
                return (
                    f"{self._name(who)} votes{again} on “{self._proposals[proposal]}”: {self._choice(step)}."
                )
            case Report(who=who, proposal=proposal, text=text, done=done):
                told = "says that it is done" if done else "reports"
                return f"{self._name(who)} {told}, “{self._proposals[proposal]}”: “{_quoted(text)}”"
            case Review(proposal=proposal):
                return f"Whoever was drawn reviews “{self._proposals[proposal]}”, and signs a verdict."
            case Verify(who=who, proposal=proposal):
                return (
                    f"A process without a peer and without the network recomputes “{self._proposals[proposal]}” "
                    f"from a file that {self._name(who)} exported."
                )
            case Settle():
                return "Everybody online catches up."
            case Expect():
                return self._expected(step)
            case _:
                if isinstance(step, BeginPlan | AdoptPlan):
                    self._proposals[step.proposal] = plan_title(step, self._proposals)
                return tell_plan(step, self._name, self._councils, self._proposals)

    def _choice(self, step: Vote) -> str:
        """A choice in the words of the options, for nobody watching knows their numbers."""
        proposed = self._proposed.get(step.proposal)
        if proposed is None:
            return "; ".join(step.choice)

        def option(part: str) -> str:
            known = part.isdecimal() and 1 <= int(part) <= len(proposed.options)
            return proposed.options[int(part) - 1] if known else part

        ranks = [rank for word in step.choice for rank in word.split(">")]
        named = [" = ".join(option(part.strip()) for part in rank.split("=")) for rank in ranks]
        return (" > " if proposed.method == "ranked" else "; ").join(named)

    def _expected(self, step: Expect) -> str:
        who = " and ".join(self._name(key) for key in step.who) + "'s peer" if step.who else "every peer"
        said = [f"{count} {option}" for option, count in step.counts.items()]
        said += [f"ahead is {winner}" for winner in step.winners]
        said += [f"the text says “{_quoted(piece)}”" for piece in step.contains]
        said += [f"it does not say “{_quoted(piece)}”" for piece in step.lacks]
        said += [step.outcome] if step.outcome else []
        said += [f"the vote is {step.status}"] if step.status else []
        said += [f"{step.reviews} reviewed it"] if step.reviews else []
        said += [f"{step.done}"] if step.done else []
        return f"Checked with {who}, “{self._proposals[step.proposal]}”: {'; '.join(said)}."

    def _name(self, key: str) -> str:
        return self._story.person(key).name.split(" ")[0]


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED_CHARS else line[: QUOTED_CHARS - 1].rstrip() + "…"
