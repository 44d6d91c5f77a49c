"""The register as it is shown: its pages, what each did, who signed it, and what the next one waits for."""

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.records import read_duty, read_join
from p2pcouncil.domain.register.belonging import has_served
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.pages import Page, read_page
from p2pcouncil.domain.register.sayings import PageProposal, Precommit, Prevote
from p2pcouncil.domain.register.succession import Successor
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.going_on import fit_successors, has_gone_on, standing_of
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.councils import TITLE_CELLS, name_of
from p2pcouncil.peer.showing.life import named, say_effect
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.register import OfficeView, PageView, RegisterView, SpokenView, SuccessorView

PAGES_SHOWN = 200


def show_register(peer: Peer, place: Place) -> RegisterView:
    """A council's register, its last pages first."""
    minutes, chain = place.state.register.minutes, place.state.register.chain
    people = People(peer.world, place)
    committee = minutes.shot.committee
    first = max(1, chain.number - PAGES_SHOWN + 1)
    pages = [_page(place, people, minutes.chains[number]) for number in range(chain.number, first - 1, -1)]
    return RegisterView(
        council=place.council,
        council_name=name_of(place),
        number=chain.number,
        time=moment(chain.time_ms) if chain.time_ms else "",
        broken=minutes.broken,
        pages=tuple(pages),
        next_number=minutes.number,
        tellers=tuple(_spoken(place, people, teller.member) for teller in committee.tellers),
        quorum=committee.quorum,
        liars=committee.liars,
        waiting=_waiting(place, people),
        line=_line(place, people),
        my_part=_my_part(peer, place),
        convicted=tuple(people.person(member) for member in sorted(chain.convicted)),
        parameters=tuple(
            (clean_line(name, 64), clean_line(value, 120))
            for name, (value, _) in sorted(chain.parameters.items())
        ),
        offices=tuple(
            OfficeView(clean_line(name, 64), tuple(people.person(m) for m in office.members))
            for name, office in sorted(chain.offices.items())
        ),
        can_pledge=_can_pledge(peer, place),
        successors=tuple(_successor(place, people, successor) for successor in fit_successors(place)),
        can_go_on=_can_go_on(peer, place),
    )


def _page(place: Place, people: People, chain: Chain) -> PageView:
    data = place.state.register.minutes.page(chain.page)
    assert data is not None, "a page that stands is held"
    page = read_page(data)
    certificate = place.state.register.minutes.certificate_of(chain.number)
    signers = tuple(people.person(MemberId(signer.member)) for signer in certificate.signers)
    committee = chain.committee
    assert committee is not None, "only the founding has none"
    return PageView(
        number=chain.number,
        id=chain.page,
        time=moment(chain.time_ms) if chain.time_ms else "",
        did=_did(place, people, page, chain),
        signers=signers,
        tellers=len(committee.tellers),
        quorum=committee.quorum,
        round=certificate.round,
    )


def _did(place: Place, people: People, page: Page, chain: Chain) -> tuple[str, ...]:
    """What a page changed, a sentence each."""

    def name(member: bytes) -> str:
        return people.person(MemberId(member)).name

    def title(issue: bytes) -> str:
        found = place.issue(ChangeHash(issue))
        return (
            f"“{clean_line(found.title, TITLE_CELLS)}”"
            if found is not None
            else f"the vote {issue.hex()[:8]}"
        )

    told = [f"{name(left.member)} left." for left in page.left]
    told += [f"{name(member)} votes and tells from another device." for member in _moved(page)]
    told += [
        f"{name(conviction.member)} was caught saying two things, and tells no more."
        for conviction in page.convicted
    ]
    told += [f"{name(member)} came onto the roll." for member in _joined(page)]
    told += [
        f"{name(member)} was silent for weeks, and tells no more until they pledge it again."
        for member, number in sorted(chain.quieted.items())
        if number == chain.number
    ]
    for pledge in page.pledged:
        told.append(f"{name(pledge.member)} {'tells from now on' if pledge.is_on else 'tells no more'}.")
    for closed in page.closed:
        outcome = closed.result.outcome.replace("-", " ")
        told.append(
            f"Closed {title(closed.issue)}: {outcome}, {closed.result.turnout} ballots, {len(closed.seals)} seals."
        )
        found = place.issue(ChangeHash(closed.issue))
        void = chain.void_effects.get(closed.issue)
        if found is not None and found.effect is not None and closed.result.outcome in ("passed", "elected"):
            told.append(void or say_effect(found.effect, people))
    told += [f"Lapsed {title(issue)}: too few tellers sealed it." for issue in page.lapsed]
    told += [f"Entered {title(entered.issue)}." for entered in page.entered]
    return tuple(told) or ("Told the time.",)


def _joined(page: Page) -> list[bytes]:
    return [read_join(item.join).member for item in page.joined]


def _moved(page: Page) -> list[bytes]:
    return [read_duty(record).member for record in page.moved]


def _spoken(place: Place, people: People, member: MemberId) -> SpokenView:
    """What a teller said about the next page, in the last round that they spoke in."""
    minutes = place.state.register.minutes
    theirs = [said for said in minutes.said_about(minutes.number) if said.member == member]
    about = [said for said in theirs if isinstance(said, PageProposal | Prevote | Precommit)]
    last = max((said.round for said in about), default=-1)
    words = []
    for said in sorted((said for said in about if said.round == last), key=lambda said: type(said).__name__):
        match said:
            case PageProposal():
                words.append("proposed it")
            case Prevote(value=value):
                words.append("would take it" if value else "would not take it yet")
            case Precommit(value=value):
                words.append("signed it" if value else "signed none yet")
    return SpokenView(people.person(member), max(last, 0), ", ".join(words))


def _waiting(place: Place, people: People) -> tuple[str, ...]:
    """What waits for a page."""
    agenda = place.state.agenda
    told = []
    for issue in agenda.openings():
        found = place.issue(ChangeHash(issue))
        if found is not None:
            told.append(f"The vote on “{clean_line(found.title, TITLE_CELLS)}” is asked for.")
    needed = place.state.charter.vouches_needed
    for member, newcomer in agenda.newcomers().items():
        have = f"{len(newcomer.vouches)} of {needed} vouches"
        objected = f"; {len(newcomer.objectors)} object" if newcomer.objectors else ""
        told.append(f"{people.person(member).name} waits to come onto the roll: {have}{objected}.")
    told += [f"{people.person(member).name} leaves." for member in agenda.leaves()]
    told += [f"{people.person(member).name} moves to another device." for member in agenda.statements()]
    return tuple(told)


def _line(place: Place, people: People) -> str:
    minutes = place.state.register.minutes
    if minutes.broken:
        return (
            f"Two pages of number {minutes.broken} are certified: more tellers lied than may. The register ends before "
            "it; a successor council can go on from there."
        )
    spoke = {said.member for said in minutes.said_about(minutes.number)}
    committee = minutes.shot.committee
    silent = [people.person(t.member) for t in committee.tellers if t.member not in spoke]
    if not spoke:
        return f"{minutes.chain.number} pages so far; page {minutes.number} is written when something waits for it."
    needed = committee.quorum - len(spoke)
    if needed > 0:
        return f"Page {minutes.number} waits for {needed} of {named(silent)}."
    return f"Page {minutes.number} is being decided."


def _successor(place: Place, people: People, successor: Successor) -> SuccessorView:
    """A council in which members want to go on, and what it still needs for that."""
    support, genesis = standing_of(place, successor).support, successor.genesis
    short = successor.council.hex()[:8]
    assert support is not None, "only successors that can take over are shown"
    assert genesis is not None, "whose founding is held"
    if support.is_enough:
        told = f"The council goes on in its successor {short}; its register is left behind here."
    else:
        told = (
            f"The successor {short} is signed by {support.signed} members, {support.needed} needed, and by "
            f"{support.tellers_signed} of the next page's tellers, {support.tellers_needed} needed."
        )
    return SuccessorView(
        id=successor.council,
        page=genesis.succeeds.number,
        signers=tuple(people.person(member) for member in successor.signatures),
        tellers=tuple(people.person(MemberId(member)) for member in genesis.succeeds.tellers),
        is_complete=support.is_enough,
        line=told,
    )


def _can_go_on(peer: Peer, place: Place) -> bool:
    me, minutes = peer.world.me, place.state.register.minutes
    if me is None or me.member not in minutes.chain.roll or has_gone_on(place, me.member):
        return False
    return bool(minutes.broken or fit_successors(place) or minutes.said_about(minutes.number))


def _can_pledge(peer: Peer, place: Place) -> str:
    me, chain = peer.world.me, place.state.register.chain
    seat = chain.roll.get(me.member) if me is not None else None
    if me is None or seat is None or me.member in chain.convicted or seat.device != me.device:
        return ""
    return "on" if peer.world.item(shelf.SETTING, shelf.off_duty(place.council)) else "off"


def _my_part(peer: Peer, place: Place) -> str:
    me, chain = peer.world.me, place.state.register.chain
    seat = chain.roll.get(me.member) if me is not None else None
    if me is None or seat is None:
        return "You are not on the roll, so you do not tell here."
    if has_gone_on(place, me.member):
        return "You signed a successor of this council, so you tell here no more."
    if me.member in chain.convicted:
        return "You were caught saying two things; you vote, and tell no more."
    if seat.device != me.device:
        return "Another of your devices tells for you."
    if not seat.is_on_duty:
        if peer.world.item(shelf.SETTING, shelf.off_duty(place.council)):
            return "You are off duty, as you wished."
        if not has_served(chain, seat):
            return "You are new here: you tell once your probation is over."
        return "You are not on duty yet; your peer pledges it by itself."
    if peer.duties.teller(place.council) is None:
        return (
            "You are a teller. Your peer does its part while it is online, here or with `p2pcouncil serve`."
        )
    return "You are a teller. Your peer does its part by itself."
