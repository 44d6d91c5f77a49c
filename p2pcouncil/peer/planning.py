"""What a command comes to: entries to write and things to keep, checked against the state before anything is signed.

Planning has no side effect. It refuses with a `LocalError` whose hint says what to do instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import assert_never

from nacl.signing import SigningKey

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, TextId
from crdt.keys import Signer
from p2pcouncil.domain.entries import (
    MAX_COMMENT_CHARS,
    MAX_SUMMARY_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    Announce,
    AskToJoin,
    Ballot,
    Comment,
    Invite,
    Leave,
    Open,
    Propose,
    Second,
    TextVersionRef,
    Vouch,
    Withdraw,
)
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.domain.proposals import text_id_of
from p2pcouncil.domain.records import (
    KINDS,
    LEVELS,
    Founder,
    Genesis,
    Join,
    Signed,
    encode_record,
    genesis_message,
    join_message,
)
from p2pcouncil.domain.tally.choice import validate_choice
from p2pcouncil.domain.tally.method import validate_method
from p2pcouncil.invitation import Invitation, decode_invitation, encode_invitation, qr_text
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import Append, AppendEdit, Connect, Effect, Keep
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.world import Me

MAX_INVITATION_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What to carry out, and what to tell the user when it is done.

    Attributes:
        effects: in order; what they write is committed before the user hears of it.
        message: one sentence.
        id: what was made; None stands for the hash of the first entry written.
        lines: further lines for the user.
    """

    effects: tuple[Effect, ...]
    message: str
    id: bytes | None = b""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans commands for one peer.

    Attributes:
        peer: whose state the commands are checked against.
        signer: this device's key; signs records (the store signs entries).
        draw: gives so many random bytes.
        now_ms: this laptop's clock, claimed in what is written and read by no rule.
        generation: in a council, the generation of our feed that is written to now.
    """

    peer: Peer
    signer: Signer
    draw: Callable[[int], bytes]
    now_ms: int
    generation: int = 0

    def plan(self, command: c.Command) -> Plan:
        """Work out what a command comes to.

        Raises:
            LocalError: it can't be done; the hint says what to do instead.
        """
        match command:
            case c.FoundCouncil():
                return self._found(command)
            case c.MakeInvitation(council, note):
                return self._invite(council, note)
            case c.JoinByInvitation(text):
                return self._join(decode_invitation(text))
            case c.JoinCouncil(council):
                return self._join_child(council)
            case c.VouchFor(council, join_id):
                return self._vouch(council, join_id)
            case c.LeaveCouncil(council, reason):
                place = self._place(council)
                entry = Leave(self.now_ms, reason[:MAX_COMMENT_CHARS])
                return Plan((Append(council, (entry,)),), f"You left “{place.state.genesis.name}”.", None)
            case c.MakeProposal():
                return self._propose(command)
            case c.EditText(proposal, text, base):
                return self._edit(proposal, text, base)
            case c.WithdrawProposal(proposal, reason):
                return self._withdraw(proposal, reason)
            case c.AddComment(proposal, text, reply_to):
                return self._comment(proposal, text, reply_to)
            case c.SecondProposal(proposal, version):
                return self._second(proposal, version)
            case c.OpenVote(proposal, window_minutes):
                return self._open(proposal, window_minutes)
            case c.CastBallot():
                return self._vote(command)
            case c.SetPriorities(tags):
                value = "\n".join(tag.strip() for tag in tags if tag.strip()).encode()
                message = (
                    "Your inbox shows these first: " + (", ".join(tags) or "nothing in particular") + "."
                )
                return Plan((Keep(shelf.SETTING, b"priorities", value),), message)
            case c.Dial(address):
                return Plan((Connect(address),), f"Dialling {address}.")
            case c.DisownDevice() | c.TakeOverDuty():
                raise AssertionError("the member key signs these: the session plans them")
            case _:
                assert_never(command)

    @property
    def _me(self) -> Me:
        if self.peer.world.me is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        return self.peer.world.me

    def _place(self, council: CouncilId, *, as_member: bool = True) -> Place:
        place = self.peer.world.places.get(council)
        if place is None:
            raise LocalError(
                "This laptop doesn't hold that council.",
                "See `p2pcouncil councils`; join one with an invitation.",
            )
        if as_member and not place.state.is_admitted(self._me.member):
            raise LocalError(
                f"You are not a member of “{place.state.genesis.name}” yet: somebody has to vouch for you.",
                "Tell a member your four-word fingerprint, and ask them to vouch.",
            )
        return place

    def _proposal(self, proposal: ChangeHash) -> tuple[Place, ProposalState]:
        place = self.peer.world.place_of_entry(proposal)
        if place is None:
            raise LocalError("This laptop doesn't hold that proposal.", "See `p2pcouncil inbox`.")
        issue = place.issue(proposal)
        found = place.proposal(issue.proposal if issue else proposal)
        if found is None:
            raise LocalError("The proposal of that vote is not here yet.", "Wait until this peer caught up.")
        self._place(place.council)
        return place, found

    def _found(self, command: c.FoundCouncil) -> Plan:
        me = self._me
        if command.kind not in KINDS or command.level not in LEVELS[command.kind]:
            known = "; ".join(f"{kind}: {', '.join(LEVELS[kind])}" for kind in KINDS)
            raise LocalError(f"There is no {command.kind} council at the level “{command.level}”.", known)
        if (command.kind == "society") != (command.parent is None):
            raise LocalError(
                "A society stands on its own; every other council stands below one.",
                "Found a society, or name the council above.",
            )
        parent = self._place(command.parent) if command.parent is not None else None
        validate_line(command.name, "The name", 64)
        founder = Founder(me.member, me.device, me.certificate.signature, me.vrf, me.name)
        genesis = Genesis(
            command.name,
            command.kind,
            command.level,
            command.purpose[:1_000],
            command.parent or b"",
            command.charter,
            (founder,),
            self.draw(16),
        )
        body = encode_record(genesis)
        council = genesis_message(body)
        signed = encode_record(Signed(body, (self.signer.sign(council),)))
        effects: list[Effect] = [Keep(shelf.COUNCIL, council, signed)]
        if parent is not None:
            effects.append(Append(parent.council, (Announce(self.now_ms, signed),)))
        return Plan(tuple(effects), f"You founded “{command.name}”.", council)

    def _invite(self, council: CouncilId, note: str) -> Plan:
        place = self._place(council)
        seed = self.draw(32)
        key = bytes(SigningKey(seed).verify_key)
        addresses = self.peer.world.reachable_at()[:MAX_INVITATION_ADDRESSES]
        invitation = Invitation(council, place.state.genesis.name, seed, addresses, self._me.name, council)
        line = encode_invitation(invitation)
        message = f"One invitation to “{place.state.genesis.name}”. Give this line to one person only."
        if not addresses:
            message += (
                " It carries no address, as the network is off here: bring a bundle, or make one online."
            )
        return Plan(
            (Append(council, (Invite(self.now_ms, key, note[:120]),)),),
            message,
            None,
            (line, qr_text(invitation)),
        )

    def _signed_join(self, council: CouncilId, invite: SigningKey | None) -> bytes:
        me = self._me
        key = bytes(invite.verify_key) if invite else b""
        join = Join(council, me.member, me.device, me.certificate.signature, me.vrf, me.name, key)
        body = encode_record(join)
        message = join_message(body)
        signatures = [self.signer.sign(message)]
        if invite is not None:
            signatures.append(invite.sign(message).signature)
        return encode_record(Signed(body, tuple(signatures)))

    def _join(self, invitation: Invitation) -> Plan:
        council = invitation.council
        place = self.peer.world.places.get(council)
        if place is not None and place.state.is_admitted(self._me.member):
            raise LocalError(
                f"You belong to “{invitation.council_name}” already.", "Give the invitation to somebody else."
            )
        join = self._signed_join(council, SigningKey(invitation.secret))
        pending = shelf.PendingJoin(
            council, join, invitation.council_name, invitation.sponsor_name, invitation.addresses
        )
        connects = tuple(Connect(address) for address in invitation.addresses)
        keep = Keep(shelf.JOIN, council, shelf.write(pending))
        return Plan((keep, *connects), f"You asked to join “{invitation.council_name}”.", council)

    def _join_child(self, council: CouncilId) -> Plan:
        for place in self.peer.world.places.values():
            for child in place.state.children():
                if child.council != council:
                    continue
                self._place(place.council)
                join = self._signed_join(council, None)
                pending = shelf.PendingJoin(council, join, child.genesis.name, "", ())
                effects = (
                    Keep(shelf.COUNCIL, council, child.record),
                    Append(place.council, (AskToJoin(self.now_ms, join),)),
                    Keep(shelf.JOIN, council, shelf.write(pending)),
                )
                return Plan(effects, f"You asked to join “{child.genesis.name}”.", council)
        raise LocalError(
            "No council that you belong to has announced that one.",
            "See `p2pcouncil councils`, or use an invitation.",
        )

    def _vouch(self, council: CouncilId, join_id: bytes) -> Plan:
        place = self._place(council)
        for join, signed in self.peer.requests(council):
            if sha256(signed).digest() == join_id or join.member == join_id:
                mine = any(
                    v.voucher == self._me.member and v.join.member == join.member
                    for v in place.state.vouches()
                )
                if mine:
                    raise LocalError(
                        f"You vouched for {join.name} already.", "Others may have to vouch, too."
                    )
                if join.member == self._me.member:
                    raise LocalError("You can't vouch for yourself.", "Ask another member.")
                return Plan(
                    (Append(council, (Vouch(self.now_ms, signed),)),), f"You vouched for {join.name}.", None
                )
        raise LocalError(
            "Nobody with that fingerprint waits to be let in here.",
            "List them with `p2pcouncil vouch`. A request waits only with the peers that it reached.",
        )

    def _propose(self, command: c.MakeProposal) -> Plan:
        place = self._place(command.council)
        validate_line(command.title, "The title", MAX_TITLE_CHARS)
        if not 0 < len(command.summary.strip()) <= MAX_SUMMARY_CHARS:
            raise LocalError(
                f"A proposal needs a summary of one paragraph, at most {MAX_SUMMARY_CHARS} characters.",
                "Say in two or three sentences what changes, for whom, and why.",
            )
        _check_text(command.text)
        try:
            validate_method(command.method, command.options)
        except RemoteError as error:
            raise LocalError(_sentence(error), "Change the method or its options.") from error
        nonce = self.draw(16)
        entry = Propose(
            self.now_ms,
            nonce,
            command.title,
            command.summary.strip(),
            tuple(tag.strip()[:32] for tag in command.tags if tag.strip())[:8],
            command.scope[:MAX_TITLE_CHARS],
            command.method,
            command.options,
        )
        text_id = text_id_of(place.council, self.peer.world.my_feed(place.council, self.generation), nonce)
        effects: list[Effect] = [Append(place.council, (entry,))]
        if command.text:
            effects.append(AppendEdit(place.council, text_id, (), command.text))
        return Plan(tuple(effects), f"You proposed “{command.title}”.", None)

    def _edit(self, proposal: ChangeHash, text: str, base: tuple[ChangeHash, ...]) -> Plan:
        place, found = self._proposal(proposal)
        if found.status is ProposalStatus.WITHDRAWN:
            raise LocalError("This proposal was withdrawn.", "Make a new one from its text.")
        _check_text(text)
        document = place.text(found.text_id)
        if text == (document.text_at(base) if base else document.text()):
            return Plan((), "Nothing changed.")
        message = f"Your edit of “{found.title}” is saved."
        if found.status is ProposalStatus.OPEN:
            message += " The vote that is open goes on about the text as it was."
        return Plan((AppendEdit(place.council, TextId(found.text_id), base, text),), message)

    def _withdraw(self, proposal: ChangeHash, reason: str) -> Plan:
        place, found = self._proposal(proposal)
        if found.proposer != self._me.member:
            raise LocalError("Only its proposer can withdraw a proposal.", "Say in a comment why you would.")
        if found.status is ProposalStatus.OPEN:
            raise LocalError("The vote on it is open, so it can't be withdrawn.", "Vote no, and say why.")
        entry = Withdraw(self.now_ms, found.hash, reason[:MAX_COMMENT_CHARS])
        return Plan((Append(place.council, (entry,)),), f"You withdrew “{found.title}”.", None)

    def _comment(self, proposal: ChangeHash, text: str, reply_to: ChangeHash | None) -> Plan:
        place, found = self._proposal(proposal)
        if not 0 < len(text.strip()) <= MAX_COMMENT_CHARS:
            raise LocalError(
                f"A comment has 1 to {MAX_COMMENT_CHARS:,} characters; this one has {len(text):,}.",
                "Shorten it, or put the long part into the proposal's text.",
            )
        entry = Comment(self.now_ms, found.hash, reply_to or b"", text.strip())
        return Plan((Append(place.council, (entry,)),), f"You commented on “{found.title}”.", None)

    def _second(self, proposal: ChangeHash, version: TextVersionRef | None) -> Plan:
        place, found = self._proposal(proposal)
        self._check_duty(place)
        if found.status is not ProposalStatus.DISCUSSED:
            raise LocalError("This proposal is open or withdrawn.", "Seconds come before the vote.")
        if found.proposer == self._me.member:
            raise LocalError("You proposed it, so somebody else has to second it.", "Ask another member.")
        now = self.peer.version_of(place, found)
        wanted = version or now
        if any(self._me.member in v.members and v.version == wanted for v in found.versions):
            raise LocalError("You seconded this version already.", "Open the vote when enough have.")
        entry = Second(self.now_ms, found.hash, wanted)
        return Plan((Append(place.council, (entry,)),), f"You seconded “{found.title}” as it stands.", None)

    def _open(self, proposal: ChangeHash, window_minutes: int | None) -> Plan:
        place, found = self._proposal(proposal)
        self._check_duty(place)
        state = place.state
        if found.status is ProposalStatus.OPEN:
            raise LocalError("The vote on it is open already.", "Vote.")
        if found.status is ProposalStatus.WITHDRAWN:
            raise LocalError("This proposal was withdrawn.", "Make a new one.")
        version, seconds = self._version_to_open(place, found)
        text = place.text(found.text_id).text_at(ChangeHash(head) for head in version.heads)
        roll = state.known_roll()
        if self._me.member not in roll.members:
            raise LocalError(
                "You are not on the roll yet.", "More members have to vouch for you before you open a vote."
            )
        entry = Open(
            self.now_ms,
            found.hash,
            version,
            text,
            found.title,
            found.summary,
            found.method,
            found.options,
            seconds,
            roll.vouches,
            roll.leaves,
            window_minutes or state.genesis.charter.window_minutes,
        )
        message = f"The vote on “{found.title}” is open, for {len(roll.members)} members."
        return Plan((Append(place.council, (entry,), f"open:{found.hash.hex()}"),), message, None)

    def _version_to_open(
        self, place: Place, found: ProposalState
    ) -> tuple[TextVersionRef, tuple[ChangeHash, ...]]:
        now = self.peer.version_of(place, found)
        needed = place.state.genesis.charter.seconds_needed
        enough = [v for v in found.versions if v.is_enough]
        for candidate in enough:
            if candidate.version == now:
                return now, candidate.hashes
        if needed == 0:
            return now, ()
        if enough:
            raise LocalError(
                "The text was edited after it was seconded.",
                "Have the present version seconded, then open it.",
            )
        have = max((len(v.members) for v in found.versions if v.version == now), default=0)
        raise LocalError(
            f"This version is seconded by {have}, and {needed} are needed.", "Ask others to second it."
        )

    def _vote(self, command: c.CastBallot) -> Plan:
        place = self.peer.world.place_of_entry(command.issue)
        issue = place.issue(command.issue) if place else None
        if place is None or issue is None:
            raise LocalError("There is no open vote of that name here.", "See `p2pcouncil inbox`.")
        self._place(place.council)
        self._check_duty(place)
        if self._me.member not in issue.roll:
            raise LocalError(
                "You are not on the roll of this vote.",
                "It was opened before you were let in; the next one counts you.",
            )
        try:
            validate_choice(issue.method, issue.options, command.choice)
        except RemoteError as error:
            raise LocalError(_sentence(error), "Look at the options again.") from error
        mine = place.state.ballot(issue.hash, self._me.member)
        number = mine.number + 1 if mine else 1
        entry = Ballot(self.now_ms, issue.hash, number, command.choice)
        again = " again: this ballot takes the place of the one before" if mine else ""
        return Plan((Append(place.council, (entry,)),), f"You voted on “{issue.title}”{again}.", None)

    def _check_duty(self, place: Place) -> None:
        duty = place.state.duty(self._me.member)
        if duty.device != self._me.device:
            raise LocalError(
                "Another of your devices votes for you in this council.",
                "Vote there, or take the duty over with `p2pcouncil device take-over`.",
            )


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARS:
        raise LocalError(
            f"The text has {len(text):,} characters, and at most {MAX_TEXT_CHARS:,} are allowed.",
            "Shorten it, or make two proposals.",
        )


def _sentence(error: RemoteError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
