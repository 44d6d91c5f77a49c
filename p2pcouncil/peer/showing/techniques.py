"""How things can be made, as it is shown."""

from p2pcouncil.domain.facts import Fact
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.figures import counted_in, figure, named, noted
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.plans import TechniqueView


def show_techniques(peer: Peer, place: Place) -> tuple[TechniqueView, ...]:
    """How things can be made, by product and name."""
    people = People(peer.world, place)
    return tuple(_technique(people, fact) for fact in place.state.techniques())


def _technique(people: People, fact: Fact) -> TechniqueView:
    body = fact.body
    assert isinstance(body, PublishTechnique)
    return TechniqueView(
        hash=fact.hash,
        name=named(body.name),
        product=named(body.product),
        unit=counted_in(body.unit),
        output_micro=body.output,
        inputs=tuple(figure("uses", item.name, item.unit, item.amount) for item in body.inputs),
        labour=tuple(figure("needs", item.name, item.unit, item.amount) for item in body.labour),
        given_off=tuple(figure("gives off", item.name, item.unit, item.amount) for item in body.given_off),
        capacity_micro=body.capacity,
        note=noted(body.note),
        by=people.person(fact.member),
    )
