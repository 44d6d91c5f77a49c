"""What a peer under fire writes: proposals, comments, edits of texts, seconds, openings and ballots, one by one."""

from random import Random

from crdt.ids import CouncilId
from p2pcouncil.domain.outcomes import IssueState, ProposalState, ProposalStatus
from p2pcouncil.domain.tally.choice import ABSTAIN, NO, YES
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.place import Place
from p2pcouncil.runtime.session import PeerSession

MAX_PROPOSALS = 24
MAX_TEXT_LINES = 24
LONG_COMMENT_CHARS = 3_800
"""Several of them are more than one gossip message carries."""
KINDS = {"comment": 50, "edit": 20, "vote": 20, "second": 8, "open": 6, "propose": 2}


def choose(session: PeerSession, council: CouncilId, rng: Random) -> c.Command:
    """Choose what to write next; a comment when nothing else is possible."""
    place = session.peer.world.places[council]
    me = session.peer.world.me
    assert me is not None
    proposals = [p for p in place.state.proposals() if p.status is not ProposalStatus.WITHDRAWN]
    discussed = [p for p in proposals if p.status is ProposalStatus.DISCUSSED]
    mine = [p for p in discussed if p.proposer == me.member]
    others = [p for p in discussed if p.proposer != me.member]
    (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
    if not proposals or (kind == "propose" and len(proposals) < MAX_PROPOSALS):
        return _propose(council, rng)
    if kind == "edit":
        return _edit(place, rng.choice(proposals), rng)
    if kind == "second" and (unseconded := [p for p in others if not _is_seconded(p, place)]):
        return c.SecondProposal(rng.choice(unseconded).hash)
    if kind == "open" and (seconded := [p for p in mine if _is_seconded(p, place)]):
        return c.OpenVote(rng.choice(seconded).hash)
    if kind == "vote" and (issues := place.state.issues()):
        return _vote(rng.choice(issues), rng)
    length = LONG_COMMENT_CHARS if rng.random() < 0.05 else rng.randint(5, 400)
    return c.AddComment(rng.choice(proposals).hash, words(rng, length))


def words(rng: Random, length: int) -> str:
    """So many characters that look like words."""
    return "".join(rng.choices("abcdefghij klmnop qrstu", k=length)).strip() or "yes"


def _propose(council: CouncilId, rng: Random) -> c.Command:
    text = "".join(f"{words(rng, 30)}\n" for _ in range(5))
    return c.MakeProposal(council, words(rng, 20), words(rng, 60), text, YesNo(quorum_permille=0))


def _edit(place: Place, proposal: ProposalState, rng: Random) -> c.Command:
    document = place.text(proposal.text_id)
    lines = document.text().split("\n")
    at = rng.randrange(len(lines))
    if len(lines) > MAX_TEXT_LINES:
        del lines[at]
    else:
        lines.insert(at, words(rng, 25))
    return c.EditText(proposal.hash, "\n".join(lines), tuple(document.version().heads))


def _vote(issue: IssueState, rng: Random) -> c.Command:
    return c.CastBallot(issue.hash, rng.choice((YES, NO, ABSTAIN)))


def _is_seconded(proposal: ProposalState, place: Place) -> bool:
    """Whether the text as it stands has its seconds: whatever is edited now and then loses them again."""
    now = place.text(proposal.text_id).version()
    return any(v.is_enough and v.version.digest == now.sha256 for v in proposal.versions)
