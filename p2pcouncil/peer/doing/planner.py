"""What a command comes to: entries to write and things to keep, checked against the state before anything is signed.

Planning has no side effect. It refuses with a `LocalError` whose hint says what to do instead.
"""

from typing import assert_never

from crdt.errors import LocalError, RemoteError
from crdt.parts import MAX_ENTRY_BYTES
from p2pcouncil.domain.entries import Open, decode_entry, encode_entry
from p2pcouncil.invitation import decode_invitation
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.doing import afterwards, membership, plans, proposals, votes
from p2pcouncil.peer.doing.desk import Desk, Plan
from p2pcouncil.peer.events import Append, Connect, Keep


def plan(desk: Desk, command: c.Command) -> Plan:
    """Work out what a command comes to.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    made = _plan(desk, command)
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


def _plan(desk: Desk, command: c.Command) -> Plan:
    match command:
        case c.FoundCouncil():
            return membership.plan_found(desk, command)
        case c.MakeInvitation(council, note):
            return membership.plan_invite(desk, council, note)
        case c.JoinByInvitation(text):
            return membership.plan_join(desk, decode_invitation(text))
        case c.JoinCouncil(council):
            return membership.plan_join_child(desk, council)
        case c.VouchFor(council, join_id):
            return membership.plan_vouch(desk, council, join_id)
        case c.LeaveCouncil(council, reason):
            return membership.plan_leave(desk, council, reason)
        case c.MakeProposal():
            return proposals.plan_propose(desk, command)
        case c.EditText(proposal, text, base):
            return proposals.plan_edit(desk, proposal, text, base)
        case c.WithdrawProposal(proposal, reason):
            return proposals.plan_withdraw(desk, proposal, reason)
        case c.AddComment(proposal, text, reply_to):
            return proposals.plan_comment(desk, proposal, text, reply_to)
        case c.SecondProposal(proposal, version):
            return proposals.plan_second(desk, proposal, version)
        case c.OpenVote(proposal, window_seconds):
            return votes.plan_open(desk, proposal, window_seconds)
        case c.CastBallot():
            return votes.plan_vote(desk, command)
        case c.PledgeDuty():
            return afterwards.plan_pledge(desk, command)
        case c.ObjectTo():
            return afterwards.plan_object(desk, command)
        case c.ReportProgress():
            return afterwards.plan_progress(desk, command)
        case c.GiveFeedback():
            return afterwards.plan_feedback(desk, command)
        case c.ReviewVote():
            return afterwards.plan_review(desk, command)
        case c.PublishTechniques():
            return plans.plan_techniques(desk, command)
        case c.ProposeInRound():
            return plans.plan_round(desk, command)
        case c.ReportOnPlan():
            return plans.plan_result(desk, command)
        case c.SetPriorities(tags):
            value = "\n".join(tag.strip() for tag in tags if tag.strip()).encode()
            message = "Your inbox shows these first: " + (", ".join(tags) or "nothing in particular") + "."
            return Plan((Keep(shelf.SETTING, b"priorities", value),), message)
        case c.Dial(address):
            return Plan((Connect(address),), f"Dialling {address}.")
        case c.DisownDevice() | c.TakeOverDuty() | c.GoOn():
            raise AssertionError("the member key signs these: the session plans them")
        case _:
            assert_never(command)
