"""A session that is all stage: a small world in memory that reacts to commands, so that flows can be driven.

Start it by hand with ``python -m tests.screens.staged`` (``--new`` for a first run).
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import segno

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, DeviceId
from p2pcouncil.domain.planning.hour_tree import HourNode, hour_tree
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.peer.commands import (
    AddComment,
    CastBallot,
    Command,
    Done,
    EditText,
    FoundCouncil,
    GiveFeedback,
    GoOn,
    JoinByInvitation,
    LeaveCouncil,
    MakeInvitation,
    MakeProposal,
    ObjectTo,
    OpenVote,
    PledgeDuty,
    ProposeInRound,
    PublishTechniques,
    ReportOnPlan,
    ReportProgress,
    ReviewVote,
    SecondProposal,
    SetPriorities,
    VouchFor,
    WithdrawProposal,
)
from p2pcouncil.peer.session import FileThereError
from p2pcouncil.peer.views.councils import CouncilView, PendingJoinView
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.issues import FollowView, IssueView, ReviewView
from p2pcouncil.peer.views.network import NetworkView, PeerView, StatusView
from p2pcouncil.peer.views.people import IdentityView, MemberView, PersonView
from p2pcouncil.peer.views.plans import PlanView, TechniqueView
from p2pcouncil.peer.views.proposals import CommentView, EditView, ProposalView, TextRun
from p2pcouncil.peer.views.register import RegisterView
from tests.screens import people

GOOD_INVITATION = "p2pc1:goodinvitation"
LINE = "p2pc1:" + "abcdefghijklmnopqrstuvwxyz234567" * 8


class StagedSession:
    """A peer that pretends: what it is told is true at once."""

    def __init__(self, is_new: bool = False) -> None:
        self.commands: list[Command] = []
        self.me: PersonView | None = None if is_new else people.ADA
        self.all_councils: list[CouncilView] = []
        self.all_proposals: list[ProposalView] = []
        self.all_plans: list[PlanView] = []
        self.table: Table | None = None
        self.all_techniques: list[TechniqueView] = []
        self.files: dict[str, bytes] = {}
        self.pending: tuple[PendingJoinView, ...] = ()
        self.only_here = 0
        self.is_on_duty = True
        self.registers = {people.BAKERY: people.REGISTER}
        self.more_items: tuple[InboxItem, ...] = ()
        self.peers: tuple[PeerView, ...] = ()
        self.refuse: LocalError | None = None
        self.is_stored = True
        self._tags: tuple[str, ...] = ()
        self._changed = asyncio.Event()
        if not is_new:
            self._populate()

    def _populate(self) -> None:
        requested = replace(people.COUNCILS[1], requests=(people.REQUEST,))
        self.all_councils = [people.COUNCILS[0], requested, people.COUNCILS[2]]
        self.all_proposals = list(people.PROPOSALS)
        now = people.NOW_MS
        self.peers = (
            PeerView(
                DeviceId(people.digest("Bo")), people.BO, True, 0, 0, now, ("/ip4/192.168.1.21/tcp/4001",)
            ),
            PeerView(
                DeviceId(people.digest("Chidi")),
                people.CHIDI,
                True,
                3,
                1,
                now - 20_000,
                ("/ip4/192.168.1.34/tcp/4001",),
            ),
            PeerView(
                DeviceId(people.digest("Dora")),
                people.DORA,
                False,
                0,
                12,
                now - 26 * people.HOUR_MS,
                ("/ip4/10.7.0.5/tcp/4001",),
            ),
            PeerView(
                DeviceId(people.digest("?")),
                None,
                False,
                0,
                None,
                0,
                ("/ip4/203.0.113.9/tcp/4001",),
                "sent a frame that is no frame; dropped for 10 minutes",
            ),
        )

    # Reading

    def identity(self) -> IdentityView | None:
        if self.me is None:
            return None
        devices = ((people.MY_DEVICE, "votes"), (people.OLD_DEVICE, "reads, drafts and comments"))
        return IdentityView(self.me, people.MY_DEVICE, self.is_stored, devices)

    def status(self) -> StatusView:
        connected = sum(peer.connected for peer in self.peers)
        line = (
            f"{connected} of {len(self.peers)} peers connected · 128 entries held · 3 more are on their way"
        )
        if not self.peers:
            line = "No other peer is known yet · what you write is only here"
        return StatusView(line, self.identity(), tuple(self.all_councils), self.pending, self.network(), 128)

    def inbox(self) -> tuple[InboxItem, ...]:
        items = [
            self._request_item(c, r.join_id, r.person.name)
            for c in self.all_councils
            for r in c.requests
            if not r.mine
        ]
        for view in self.all_proposals:
            is_closed = view.issue is not None and view.issue.status == "closed"
            item = None if is_closed else self._item(view)
            items += self._closed_items(view) if is_closed else [item] if item is not None else []
        items += self.more_items
        order = (
            "go on",
            "vote",
            "plan",
            "review",
            "promise",
            "vouch",
            "second",
            "open",
            "voted",
            "decided",
            "waiting",
        )
        return tuple(sorted(items, key=lambda item: (order.index(item.kind), item.deadline_ms)))

    def _request_item(self, council: CouncilView, join_id: bytes, name: str) -> InboxItem:
        why = f"You are on the roll of {council.name}, and you know the quarter."
        return InboxItem(
            "vouch", True, council.id, council.name, f"{name} asks to join", why, "0 of 1 vouches", join_id
        )

    def _closed_items(self, view: ProposalView) -> list[InboxItem]:
        """As the real inbox has it: what a closed vote asks of me, else what became of it."""
        assert view.issue is not None
        life, headline = view.issue.life, view.issue.tally.headline
        about = (view.council, view.council_name, view.title)
        items = []
        if "review" in view.actions:
            why = "You were drawn by lot to look whether its count holds."
            items.append(InboxItem("review", True, *about, why, headline, view.id))
        if life.effect.startswith("Ada") and not any(follow.kind == "done" for follow in life.follows):
            why = "You answer for it: say what was done, and when it is done."
            due_ms = people.NOW_MS + 11 * 24 * people.HOUR_MS
            items.append(InboxItem("promise", True, *about, why, headline, view.id, due_ms))
        if not items and view.issue.my_choice is not None:
            why = f"You voted {view.issue.my_choice_text}."
            items.append(InboxItem("decided", False, *about, why, f"{headline} {life.done}".strip(), view.id))
        return items

    def _item(self, view: ProposalView) -> InboxItem | None:
        why = f"You are on the roll of {view.council_name}."
        if view.issue is not None and view.issue.status == "lapsed":
            kind, note, deadline = "waiting", view.issue.status_line, 0
        elif view.issue is not None:
            kind = "vote" if view.issue.my_choice is None else "voted"
            note = f"{view.issue.tally.turnout} of {view.issue.tally.roll_size} have voted"
            if kind == "voted":
                note = f"you voted: {view.issue.my_choice_text}; {view.issue.tally.headline}"
            deadline = view.issue.deadline_ms
        elif "second" in view.actions:
            kind, note, deadline = "second", f"{len(view.seconds)} of {view.seconds_needed} seconds", 0
        elif "open" in view.actions:
            kind, note, deadline = "open", "seconded; the vote may open", 0
        else:
            return None
        needs_me = kind not in ("voted", "waiting")
        return InboxItem(
            kind,
            needs_me,
            view.council,
            view.council_name,
            view.title,
            why,
            note,
            view.id,
            deadline,
            view.tags,
        )

    def councils(self) -> tuple[CouncilView, ...]:
        return tuple(self.all_councils)

    def council(self, council: CouncilId) -> CouncilView:
        for view in self.all_councils:
            if view.id == council:
                return view
        raise LocalError("This council is not held here.", "Join it first.")

    def proposals(self, council: CouncilId | None = None) -> tuple[ProposalView, ...]:
        return tuple(view for view in self.all_proposals if council in (None, view.council))

    def proposal(self, proposal: ChangeHash) -> ProposalView:
        for view in self.all_proposals:
            if proposal == view.id or (view.issue and view.issue.id == proposal):
                return view
        raise LocalError("This proposal is not held here.", "Wait until another peer brings it.")

    def register(self, council: CouncilId) -> RegisterView:
        if council in self.registers:
            can = "off" if self.is_on_duty else "on"
            part = people.MY_PART[self.is_on_duty]
            return replace(self.registers[council], can_pledge=can, my_part=part)
        return people.young_register(self.council(council))

    def plans(self, council: CouncilId | None = None) -> tuple[PlanView, ...]:
        return tuple(view for view in self.all_plans if council in (None, view.council))

    def plan(self, plan: ChangeHash) -> PlanView:
        for view in self.all_plans:
            if view.id == plan:
                return view
        raise LocalError("This planning period is not held here.", "Wait until another peer brings it.")

    def plan_table(self, plan: ChangeHash) -> Table | None:
        return self.table

    async def hours(self, plan: ChangeHash, product: str, threshold: Fraction) -> HourNode | None:
        at = self.table.index(product) if self.table is not None else -1
        return hour_tree(self.table, at, threshold=threshold) if self.table is not None and at >= 0 else None

    def techniques(self, council: CouncilId) -> tuple[TechniqueView, ...]:
        return tuple(self.all_techniques)

    def network(self) -> NetworkView:
        connected = sum(peer.connected for peer in self.peers)
        return NetworkView(
            running=True,
            line=f"{connected} of {len(self.peers)} known peers are connected.",
            reachable="Others on this network can reach you; from outside only if your router forwards port 4001.",
            my_addresses=(
                "/ip4/192.168.1.20/tcp/4001/p2p/12D3KooWQ4",
                "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWQ4",
            ),
            peers=self.peers,
            only_here=self.only_here,
        )

    def priorities(self) -> tuple[str, ...]:
        return self._tags

    # Doing

    async def create_identity(self, name: str, passphrase: str) -> tuple[str, ...]:
        self._maybe_refuse()
        self.me = people.person(name, is_me=True)
        self.is_stored = bool(passphrase)
        self.touch()
        return tuple(people.WORDS)

    async def recover_identity(self, words: Sequence[str], name: str, passphrase: str) -> Done:
        if tuple(words) != tuple(people.WORDS):
            raise LocalError(
                "These words are no recovery phrase: the check does not fit.", "Look for a wrong word."
            )
        await self.create_identity(name, passphrase)
        return Done(f"You are back as {name}, on a new device.")

    async def submit(self, command: Command) -> Done:
        self._maybe_refuse()
        self.commands.append(command)
        done = self._react(command)
        self.touch()
        return done

    async def export_bundle(self, path: Path, council: CouncilId | None = None) -> Done:
        return Done(f"128 entries are written to {path.name}.")

    async def import_bundle(self, path: Path) -> Done:
        raise LocalError(f"There is no file {path.name}.", "Look where the stick is mounted.")

    async def read_file(self, path: Path, bytes_max: int) -> bytes:
        if path.name not in self.files:
            raise LocalError(f"The file {path} can't be read: No such file or directory.", "Say where it is.")
        return self.files[path.name]

    async def write_file(self, path: Path, content: bytes, *, replace: bool = False) -> Path:
        if path.parent.name == "nowhere":
            raise LocalError(f"The file {path} can't be written: No such file or directory.", "Say where to.")
        if path.name in self.files and not replace:
            raise FileThereError(str(path))
        self.files[path.name] = content
        return path

    async def changes(self) -> AsyncIterator[None]:
        while True:
            await self._changed.wait()
            self._changed.clear()
            yield None

    def touch(self) -> None:
        self._changed.set()

    def _maybe_refuse(self) -> None:
        if self.refuse is not None:
            error, self.refuse = self.refuse, None
            raise error

    def _react(self, command: Command) -> Done:
        match command:
            case FoundCouncil():
                return self._found(command)
            case MakeInvitation():
                code = segno.make_qr(LINE.upper(), error="l")
                drawing = io.StringIO()
                code.terminal(drawing, border=2, compact=True)
                return Done("One invitation is made.", lines=(LINE, drawing.getvalue()))
            case JoinByInvitation():
                return self._join(command.invitation)
            case VouchFor():
                council = self.council(command.council)
                requests = tuple(replace(r, mine=True, vouches=1) for r in council.requests)
                self._put_council(replace(council, requests=requests))
                return Done("You vouched for Hana Novák.")
            case MakeProposal():
                return self._propose(command)
            case EditText():
                return self._edit(command)
            case AddComment():
                return self._comment(command)
            case SecondProposal():
                view = self.proposal(command.proposal)
                self._put(
                    replace(
                        view,
                        seconds=(*view.seconds, people.ADA),
                        stage="seconded",
                        actions=("edit", "open", "comment"),
                    )
                )
                return Done(f"You seconded “{view.title}”.")
            case OpenVote():
                return self._open(command)
            case CastBallot():
                return self._vote(command.issue, command.choice)
            case WithdrawProposal():
                view = self.proposal(command.proposal)
                self._put(replace(view, stage="withdrawn", actions=("comment",)))
                return Done(f"You withdrew “{view.title}”.")
            case LeaveCouncil():
                council = self.council(command.council)
                self._put_council(replace(council, my_standing="not a member"))
                return Done(f"You left {council.name}.")
            case GoOn():
                return Done("You signed the successor of “Morgenbrot bakery”.")
            case PledgeDuty(is_on=is_on):
                self.is_on_duty = is_on
                told = "go on duty as a teller" if is_on else "go off duty"
                return Done(f"You {told} in “Morgenbrot bakery” with a page that the tellers write.")
            case ObjectTo():
                return self._object(command)
            case ReportProgress(issue=issue, text=text, is_done=is_done):
                self._follow(issue, "done" if is_done else "evidence", text)
                return Done("You said that it is done." if is_done else "You reported.")
            case GiveFeedback(issue=issue, is_content=is_content, text=text):
                self._follow(issue, "works out" if is_content else "does not work out", text)
                return Done("You said how it works out.")
            case ReviewVote():
                return self._review(command)
            case ProposeInRound():
                return self._propose_in_round(command)
            case ReportOnPlan():
                return Done("You reported.")
            case PublishTechniques(techniques=techniques):
                return Done(f"You published {len(techniques)} techniques.")
            case SetPriorities():
                self._tags = command.tags
                return Done("Your priorities are kept on this laptop.")
            case _:
                return Done("Done.")

    def _propose_in_round(self, command: ProposeInRound) -> Done:
        view = self.plan(command.plan)
        parts = {part.unit: part for part in command.units}
        units = tuple(
            replace(unit, part=parts[unit.place], has_spoken=True, standing="said in this round")
            if unit.place in parts
            else unit
            for unit in view.units
        )
        names = [unit.name for unit in units if unit.place in parts]
        silent = tuple(name for name in view.silent if name not in names)
        self.all_plans = [
            replace(view, units=units, silent=silent) if old.id == view.id else old for old in self.all_plans
        ]
        return Done(f"You proposed for {', '.join(names)} in round {view.round}.")

    def _found(self, command: FoundCouncil) -> Done:
        assert self.me is not None
        depth = 1 if command.parent else 0
        id_ = CouncilId(people.digest(command.name))
        view = people.council(
            id_, command.name, command.kind, command.level, command.purpose, depth, (self.me,)
        )
        self.all_councils.append(replace(view, my_standing="founder", entries=1, behind=None))
        return Done(f"You founded {command.name}.", id=id_)

    def _join(self, invitation: str) -> Done:
        if invitation != GOOD_INVITATION:
            raise LocalError(
                "This invitation is torn: it ends too early.", "Copy all of it, to the last letter."
            )
        line = "Ada's peer has your request; somebody must vouch for you: tell them your four words."
        self.pending = (PendingJoinView(people.QUARTER, "Lindenhof quarter", line),)
        return Done("Your request is on its way to Ada Marchetti.")

    def _propose(self, command: MakeProposal) -> Done:
        council = self.council(command.council)
        assert self.me is not None
        view = people.proposal(
            command.title,
            command.summary,
            ((command.text, self.me),),
            self.me,
            command.method,
            council_id=council.id,
            council_name=council.name,
            options=command.options,
            tags=command.tags,
            actions=("edit", "withdraw", "comment"),
            hours_ago=0,
        )
        self.all_proposals.insert(0, view)
        return Done(f"“{command.title}” is before {council.name}.", id=view.id)

    def _edit(self, command: EditText) -> Done:
        view = self.proposal(command.proposal)
        assert command.base == tuple(view.version.heads)
        heads = people.digest(command.text)
        self._put(
            replace(
                view,
                text=command.text,
                runs=(*view.runs[:-1], TextRun(command.text[-20:], people.ADA)),
                edits=(*view.edits, EditView(people.ADA, 20, 0)),
                version=type(view.version)((heads,), heads),
                seconds=(),
                seconded_before=len(view.seconds),
            )
        )
        return Done("Your edit is saved.")

    def _comment(self, command: AddComment) -> Done:
        view = self.proposal(command.proposal)
        depth = 0
        place = len(view.comments)
        for index, other in enumerate(view.comments):
            if other.id == command.reply_to:
                depth, place = other.depth + 1, index + 1
        comment = CommentView(people.change(command.text), people.ADA, command.text, depth, people.NOW_MS)
        self._put(replace(view, comments=(*view.comments[:place], comment, *view.comments[place:])))
        return Done("Your comment is sent.")

    def _open(self, command: OpenVote) -> Done:
        view = self.proposal(command.proposal)
        hours = (command.window_seconds or 72 * 3_600) // 3_600
        vote = people.issue(
            view.title,
            view.method,
            view.options,
            view.text,
            {},
            opener=people.ADA,
            hours=hours,
            status="waiting",
            life=people.asked_for(people.ADA),
        )
        self._put(replace(view, issue=vote, stage="open", actions=("vote", "comment")))
        return Done(f"The vote on “{view.title}” is asked for.")

    def _vote(self, issue: ChangeHash, choice: Choice) -> Done:
        view = self.proposal(issue)
        old = view.issue
        assert old is not None
        cast = {ballot.person: self.ballots(old)[ballot.person] for ballot in old.ballots}
        number = 1 + sum(ballot.number for ballot in old.ballots if ballot.person == people.ADA)
        cast[people.ADA] = choice
        title = next(
            t for t in ("oven", "flour", "days", view.title) if people.change(f"issue {t}") == old.id
        )
        fresh = people.issue(
            title,
            old.method,
            old.options,
            old.text,
            cast,
            numbers={people.ADA: number},
            held=(0, 0),
            opener=old.opener,
        )
        self._put(replace(view, issue=replace(fresh, deadline_ms=old.deadline_ms)))
        return Done(
            "Your vote is signed and on its way." if number == 1 else "Your new vote replaces the old one."
        )

    def _follow(self, issue: ChangeHash, kind: str, text: str) -> None:
        view = self.proposal(issue)
        assert view.issue is not None
        follow = FollowView(people.ADA, kind, text, people.NOW_MS)
        life = replace(view.issue.life, follows=(*view.issue.life.follows, follow))
        self._put(replace(view, issue=replace(view.issue, life=life)))

    def _review(self, command: ReviewVote) -> Done:
        view = self.proposal(command.issue)
        assert view.issue is not None
        if not command.holds and not command.note:
            raise LocalError("A dispute needs a note.", "Say what does not hold, so that others can look.")
        review = ReviewView(people.ADA, command.holds, command.note)
        life = replace(view.issue.life, reviews=(*view.issue.life.reviews, review))
        actions = tuple(action for action in view.actions if action != "review")
        self._put(replace(view, issue=replace(view.issue, life=life), actions=actions))
        told = "holds" if command.holds else "does not hold"
        return Done(f"You signed that the count of “{view.title}” {told}.")

    def _object(self, command: ObjectTo) -> Done:
        council = self.council(command.council)
        members = tuple(
            replace(m, objectors=("Ada Marchetti",)) if m.person.member == command.newcomer else m
            for m in council.members
        )
        requests = tuple(
            replace(r, objectors=("Ada Marchetti",)) if r.person.member == command.newcomer else r
            for r in council.requests
        )
        self._put_council(replace(council, members=members, requests=requests))
        return Done("You object. No page lets them in before a vote says so: anybody can propose it.")

    def ballots(self, issue: IssueView) -> dict[PersonView, Choice]:
        """The choices behind ballots, found again from what they say."""
        known: dict[PersonView, Choice] = {
            people.BO: ((0,),),
            people.CHIDI: ((0,),),
            people.DORA: ((1,),),
            people.EMRE: ((0,), (1,)),
            people.ADA: issue.my_choice or (),
        }
        if issue.id == people.change("issue flour"):
            known[people.BO] = ((1,), (0, 2))
        if issue.id == people.change("issue days"):
            known[people.DORA] = ((0, 1),)
        return known

    def _put(self, view: ProposalView) -> None:
        self.all_proposals = [view if old.id == view.id else old for old in self.all_proposals]

    def _put_council(self, view: CouncilView) -> None:
        self.all_councils = [view if old.id == view.id else old for old in self.all_councils]


def main() -> None:
    from tui.app import CouncilApp

    CouncilApp(StagedSession(is_new="--new" in sys.argv), lambda: people.NOW_MS).run()


if __name__ == "__main__":
    main()


def troubled() -> tuple[PeerView, ...]:
    """Peers of whom there is something to say: one asks too often, one was dropped for it."""
    now = people.NOW_MS
    return (
        PeerView(
            DeviceId(people.digest("busy")),
            people.BO,
            True,
            0,
            0,
            now,
            (),
            throttled="asks too often",
            throttled_since_ms=now - 3 * 60_000,
        ),
        PeerView(
            DeviceId(people.digest("flood")),
            None,
            False,
            0,
            None,
            now - 60_000,
            ("/ip4/203.0.113.10/tcp/4001",),
            "It asked 4,100 times in 10 s; 20 a second are answered.",
            refused_until_ms=now + 4 * 60_000,
        ),
    )


def coming() -> StagedSession:
    """The bakery, with one who is vouched for but on no page, and one who has a vouch of two."""
    session = StagedSession()
    bakery = session.all_councils[1]
    greta = MemberView(people.GRETA, "on the next page", ("Bo Lindqvist",), 1)
    hana = replace(people.REQUEST, vouches=1, needed=2)
    session.all_councils[1] = replace(bakery, members=(*bakery.members, greta), requests=(hana,))
    return session
