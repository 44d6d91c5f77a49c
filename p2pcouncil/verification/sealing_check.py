"""What votes and planning rounds have in common: until when each ran, who could seal it, and who did."""

from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.outcomes import Status
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register_book import Entering
from p2pcouncil.verification.held import Held, count
from p2pcouncil.verification.report import Finding, holds, noted
from p2pcouncil.verification.sayings_check import SayingsCheck


def check_window(held: Held, vote: OpenVote) -> Finding:
    """From when to when it ran, by page time."""
    if vote.closes_ms is None:
        return noted("window", f"Until when it runs is told by page {vote.page + 1}, which is not in here.")
    opened = held.state.register.minutes.chains[vote.page + 1].time_ms
    return holds(
        "window",
        f"It ran from {moment(opened)} (page {vote.page + 1}) to {moment(vote.closes_ms)}, by page time.",
    )


def check_sealing(held: Held, said: SayingsCheck, entering: Entering, ballot: str) -> list[Finding]:
    """Who could seal it, and who did.

    Args:
        held: the council.
        said: what tellers said.
        entering: where the vote or round stands.
        ballot: what its ballots are called.
    """
    vote = entering.vote
    tellers = sorted(teller.member for teller in vote.committee.tellers)
    sealed = sorted(held.state.register.minutes.seals(vote.issue))
    found = [
        holds(
            "tellers",
            f"{count(len(tellers), 'teller')} could seal it: {held.named(tellers)}. "
            f"{vote.committee.quorum} of them "
            f"close it, and a {ballot} counts if {vote.committee.liars + 1} of the seals that the page "
            "names have it.",
        )
    ]
    told = f"Sealed by {held.named(sealed)}."
    if entering.closed is not None:
        told += f" The page rests on the seals of {held.named(entering.closed.tellers)}."
        found.append(holds("seals", told))
    else:
        found.append(noted("seals", told))
    return [*found, *said.about(vote.issue), *said.convictions(vote.issue)]


def check_closing_page(held: Held, page: int) -> Finding:
    """Which page closed it, and who signed that."""
    minutes = held.state.register.minutes
    signers = [signer.member for signer in minutes.certificate_of(page).signers]
    return holds(
        "closed",
        f"Page {page} ({minutes.chains[page].page.hex()[:8]}) closed it, signed by {held.named(signers)}.",
    )


def status_of(entering: Entering | None) -> Status:
    """Where a vote or round stands."""
    if entering is None:
        return Status.WAITING
    if not entering.page:
        return Status.RUNNING
    return Status.LAPSED if entering.closed is None else Status.CLOSED
