"""How ballots are read: those of a vote by what was asked, and proposals in a planning round by what is planned."""

from typing import Protocol

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.entries import Ballot, Open
from p2pcouncil.domain.finals import is_fitting
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.tally.choice_words import show_choice
from p2pcouncil.verification.held import AnyBallot, Held
from p2pcouncil.verification.proposal_words import proposal_in_words


class Reading(Protocol):
    """How ballots of one vote or round are read.

    Attributes:
        ballot: what one of them is called.
        cast: what a member did with it.
        issue: what that is called which they are about.
    """

    ballot: str
    cast: str
    issue: str

    def is_fitting(self, ballot: AnyBallot) -> bool:
        """Whether it can be counted there at all."""
        ...

    def words(self, ballot: AnyBallot) -> str:
        """What it says, in words that are safe for a terminal."""
        ...


class VoteReading:
    """Ballots of a vote."""

    ballot = "ballot"
    cast = "cast"
    issue = "vote"

    def __init__(self, terms: Open) -> None:
        self._terms = terms

    def is_fitting(self, ballot: AnyBallot) -> bool:
        """Whether its choice is one of this vote."""
        return isinstance(ballot, Ballot) and is_fitting(self._terms, ballot.choice)

    def words(self, ballot: AnyBallot) -> str:
        """Its choice; of one that does not fit the vote, that it does not."""
        if not isinstance(ballot, Ballot) or not self.is_fitting(ballot):
            return "not a choice of this vote"
        return show_choice(self._terms.method, self._terms.options, ballot.choice)


class RoundReading:
    """Proposals in a planning round."""

    ballot = "proposal"
    cast = "made"
    issue = "round"

    def __init__(self, held: Held, terms: OpenPlan) -> None:
        self._held = held
        self._terms = terms

    def is_fitting(self, ballot: AnyBallot) -> bool:
        """Whether it is a proposal; whether it can be added up is asked when the round is."""
        return isinstance(ballot, ProposePlan)

    def words(self, ballot: AnyBallot) -> str:
        """What it proposes, the first of it if that is much."""
        return (
            proposal_in_words(ballot, self._terms, self._held.signed)
            if isinstance(ballot, ProposePlan)
            else "not a proposal"
        )


def reading_of(held: Held, issue: ChangeHash) -> Reading | None:
    """How ballots on a vote or in a round are read; None if what was asked is not in the bundle."""
    entering = held.state.register.entering(issue)
    if entering is not None and entering.vote.round:
        return RoundReading(held, plan_terms(held.state.register.minutes, entering.vote))
    terms = held.body(issue)
    return VoteReading(terms) if isinstance(terms, Open) else None


def plan_terms(minutes: Minutes, round_: OpenVote) -> OpenPlan:
    """What is planned in a round that a page began, as that page has it: a later one may have dropped the period."""
    return minutes.chains[round_.page].plans[round_.proposal].terms
