"""A register that is written page by page, for tests of single rules."""

from p2pcouncil.domain.records import RULES_VERSION
from p2pcouncil.domain.register.certificates import Certificate, make_certificate
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Joined, Page, encode_page, page_hash, read_page
from p2pcouncil.domain.register.sayings import Precommit
from p2pcouncil.domain.sortition import lot
from tests.sim.register.people import Person, founded, signed_join

START_MS = 1_800_000_000_000


class Book:
    """A register that is written page by page, by everybody on its committees."""

    def __init__(self, size: int = 4) -> None:
        self.chain, founders = founded(size)
        self.people = {p.member: p for p in founders}
        self.provers = dict(self.people)
        self.certificate: Certificate | None = None

    def page(self, **parts: object) -> Page:
        chain = self.chain
        first = chain.next_committee().proposer(0)
        alpha = lot.lot_input(chain.council, chain.seed, chain.number + 1)
        proof = self.provers[first.member].prove(alpha) if first.vrf else b""
        place = (RULES_VERSION, chain.council, chain.number + 1, chain.page)
        return Page(*place, self.certificate, proof, **parts)  # type: ignore[arg-type]

    def follows(self, page: Page) -> Chain:
        data = encode_page(page)
        return follow(self.chain, read_page(data), page_hash(data))

    def write(self, clock_ms: int = START_MS, **parts: object) -> Chain:
        """Put a page behind the others and certify it, everybody's clock saying the same."""
        self.chain = self.follows(self.page(**parts))
        self.certificate = self.certify([clock_ms] * 64)
        return self.chain

    def certify(self, clocks: list[int], page: bytes | None = None) -> Certificate:
        assert self.chain.committee is not None
        commits = []
        for teller, clock_ms in zip(self.chain.committee.tellers, clocks, strict=False):
            said = Precommit(
                self.chain.council, teller.member, self.chain.number, 0, page or self.chain.page, clock_ms
            )
            commits.append((said, self.people[teller.member].sign(said)))
        return make_certificate(commits)

    def join(self, newcomer: Person, vouchers: list[Person]) -> Joined:
        self.people[newcomer.member] = newcomer
        names = tuple(sorted(v.member for v in vouchers))
        return Joined(signed_join(self.chain.council, newcomer), names, tuple(bytes(32) for _ in names))

    @property
    def founders(self) -> list[Person]:
        return [self.people[member] for member in sorted(self.people)]
