"""What a command comes to: entries to write and things to keep, checked against the state before anything is signed.

Working it out has no side effect. It refuses with a `LocalError` whose hint says what to do instead.
"""

from typing import assert_never

from crdt.errors import LocalError, RemoteError
from crdt.parts import MAX_ENTRY_BYTES
from p2pcouncil.domain.entries import Open, decode_entry, encode_entry
from p2pcouncil.invitation import decode_invitation
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.doing import afterwards, membership, plans, proposals, votes
from p2pcouncil.peer.doing.desk import Deed, Desk
from p2pcouncil.peer.events import Append, Connect, Keep


def work_out(desk: Desk, command: c.Command) -> Deed:
    """Work out what a command comes to.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    made = _work_out(desk, command)
    for effect in made.effects:
        if isinstance(effect, Append):
            _check_readable(effect)
    return made


def _check_readable(effect: Append) -> None:
    """Refuse to sign what every peer, this one included, would turn down as malformed, or what fits no entry."""
    for entry in effect.entries:
        data = encode_entry(entry)
        if len(data) > MAX_ENTRY_BYTES:
            raise LocalError(
                f"This comes to {len(data):,} bytes, and one entry holds {MAX_ENTRY_BYTES:,}.",
                "Shorten the text, or split it into two proposals."
                if isinstance(entry, Open)
                else "Shorten what you wrote.",
            )
        try:
            decode_entry(data)
        except RemoteError as error:
            raise LocalError(
                "What you wrote is longer than others would take, or a number in it is out of range.",
                "Shorten the longest part (an option, a tag, the text), or give another number.",
            ) from error


def _work_out(desk: Desk, command: c.Command) -> Deed:
    match command:
        case c.FoundCouncil():
            return membership.to_found(desk, command)
        case c.MakeInvitation(council, note):
            return membership.to_invite(desk, council, note)
        case c.JoinByInvitation(text):
            return membership.to_join(desk, decode_invitation(text))
        case c.JoinCouncil(council):
            return membership.to_join_child(desk, council)
        case c.VouchFor(council, join_id):
            return membership.to_vouch(desk, council, join_id)
        case c.LeaveCouncil(council, reason):
            return membership.to_leave(desk, council, reason)
        case c.MakeProposal():
            return proposals.to_propose(desk, command)
        case c.EditText(proposal, text, base):
            return proposals.to_edit(desk, proposal, text, base)
        case c.WithdrawProposal(proposal, reason):
            return proposals.to_withdraw(desk, proposal, reason)
        case c.AddComment(proposal, text, reply_to):
            return proposals.to_comment(desk, proposal, text, reply_to)
        case c.SecondProposal(proposal, version):
            return proposals.to_second(desk, proposal, version)
        case c.OpenVote(proposal, window_seconds):
            return votes.to_open(desk, proposal, window_seconds)
        case c.CastBallot():
            return votes.to_vote(desk, command)
        case c.PledgeDuty():
            return afterwards.to_pledge(desk, command)
        case c.ObjectTo():
            return afterwards.to_object(desk, command)
        case c.ReportProgress():
            return afterwards.to_report_progress(desk, command)
        case c.GiveFeedback():
            return afterwards.to_give_feedback(desk, command)
        case c.ReviewVote():
            return afterwards.to_review(desk, command)
        case c.PublishTechniques():
            return plans.to_publish_techniques(desk, command)
        case c.ProposeInRound():
            return plans.to_propose_in_round(desk, command)
        case c.ReportOnPlan():
            return plans.to_report_result(desk, command)
        case c.SetPriorities(tags):
            value = "\n".join(tag.strip() for tag in tags if tag.strip()).encode()
            message = "Your inbox shows these first: " + (", ".join(tags) or "nothing in particular") + "."
            return Deed((Keep(shelf.SETTING, b"priorities", value),), message)
        case c.Dial(address):
            return Deed((Connect(address),), f"Dialling {address}.")
        case c.DisownDevice() | c.TakeOverDuty() | c.GoOn():
            raise AssertionError("the member key signs these: the session works them out")
        case _:
            assert_never(command)
