"""The documents say what the code does: worked examples, limits, tags, domains, tests that are named, and links."""

import ast
import re
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from nacl.signing import SigningKey

from crdt import keys, lane_bounds, sync_doorstep
from crdt.envelope import EnvelopeGroup, encode_groups, make_envelope, signed_message
from crdt.feed_change import derive_change
from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId, domain_hash
from crdt.index import LaneIndex
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, certificate_message, lane_id
from crdt.sync import Pull, answer
from crdt.text import TextDocument
from crdt.text_guard import genesis_change
from p2pcouncil.domain.canonical import LeafTree
from p2pcouncil.domain.entries import AnyEntry, Ballot, Comment, Leave, Propose, encode_entry
from p2pcouncil.domain.fingerprint import fingerprint
from p2pcouncil.domain.proposals import text_id_of
from p2pcouncil.domain.records import (
    Charter,
    Duty,
    Founder,
    Genesis,
    Join,
    Signed,
    Until,
    duty_message,
    encode_record,
    genesis_message,
    join_message,
)
from p2pcouncil.domain.rejections import Rule
from p2pcouncil.domain.sortition import lot
from p2pcouncil.domain.sortition.ecvrf import prove, verify
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.identity.keys import DeviceKey
from p2pcouncil.invitation import Invitation, decode_invitation
from p2pcouncil.peer import lobby
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.wire import GossipKind, Kind, topic_of
from p2pcouncil.runtime import strangers

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
FLAT = " ".join(PROTOCOL.split())
"""The same without line ends, for sentences that may be wrapped anywhere."""
LIMITS_FROM = (
    "crdt/*.py",
    "crdt/store/orphans.py",
    "crdt/store/room.py",
    "net/*.py",
    "net/libp2p/*.py",
    "p2pcouncil/domain/**/*.py",
    "p2pcouncil/invitation.py",
    "p2pcouncil/peer/hearsay.py",
    "p2pcouncil/peer/lobby.py",
    "p2pcouncil/peer/pulling.py",
    "p2pcouncil/peer/spreading.py",
    "p2pcouncil/peer/wire.py",
    "p2pcouncil/peer/world.py",
    "p2pcouncil/runtime/bundle.py",
    "p2pcouncil/runtime/intake.py",
    "p2pcouncil/runtime/sneakernet.py",
    "p2pcouncil/runtime/strangers.py",
)
"""Modules whose limits a second implementation has to know, or that bound what others can do to a laptop."""

Vector = dict[str, bytes | str]


# The people and places of the worked examples.

MEMBER_KEY = SigningKey(bytes(range(32)))
DEVICE_KEY = SigningKey(bytes(range(32, 64)))
INVITE_KEY = SigningKey(bytes(range(64, 96)))
MEMBER = MemberId(bytes(MEMBER_KEY.verify_key))
DEVICE = DeviceId(bytes(DEVICE_KEY.verify_key))
VRF = bytes([0x77] * 32)
NONCE = bytes(range(16))


def _certificate() -> DeviceCertificate:
    return DeviceCertificate(MEMBER, DEVICE, MEMBER_KEY.sign(certificate_message(MEMBER, DEVICE)).signature)


def _genesis_body() -> bytes:
    founder = Founder(MEMBER, DEVICE, _certificate().signature, VRF, "Ada")
    return encode_record(Genesis("Bakery", "society", "society", "Bread", b"", Charter(), (founder,), NONCE))


COUNCIL = CouncilId(genesis_message(_genesis_body()))
FEED = LaneHeader(LaneKind.FEED, COUNCIL, b"", _certificate(), 0)
LANE = lane_id(FEED)
PROPOSE = Propose(0, NONCE, "Ovens", "Buy a second oven.", ("money",), "", YesNo(500), ())
PAYLOADS = (b"\0" + encode_entry(PROPOSE), b"\0" + encode_entry(Leave(1, "moving")))
TEXT_ID = text_id_of(COUNCIL, LANE, NONCE)
TEXT_HEADER = LaneHeader(LaneKind.TEXT, COUNCIL, TEXT_ID, _certificate(), 0)


def _signed(body: bytes, message: bytes, *keys: SigningKey) -> bytes:
    return encode_record(Signed(body, tuple(key.sign(message).signature for key in keys)))


def domain_hash_vector() -> Vector:
    parts = (b"a", b"", b"bc")
    image = b"p2pcouncil/example/1\0" + b"".join(len(p).to_bytes(8, "big") + p for p in parts)
    digest = domain_hash("p2pcouncil/example/1", *parts)
    assert digest == sha256(image).digest()
    return {"hashed": image, "digest": digest}


def keys_vector() -> Vector:
    return {
        "member_seed": bytes(MEMBER_KEY),
        "member": MEMBER,
        "device_seed": bytes(DEVICE_KEY),
        "device": DEVICE,
        "certificate_message": certificate_message(MEMBER, DEVICE),
        "certificate": _certificate().signature,
        "fingerprint": fingerprint(MEMBER),
    }


def genesis_vector() -> Vector:
    body = _genesis_body()
    return {"body": body, "council": COUNCIL, "signed": _signed(body, COUNCIL, DEVICE_KEY)}


def lane_vector() -> Vector:
    parts = (b"\x01", COUNCIL, b"", MEMBER, DEVICE, bytes(4))
    image = b"p2pcouncil/lane/1\0" + b"".join(len(p).to_bytes(8, "big") + p for p in parts)
    assert sha256(image).digest() == LANE
    return {"hashed": image, "lane": LANE}


def feed_vector() -> Vector:
    first, first_raw = derive_change(LANE, 1, None, PAYLOADS[0])
    second, second_raw = derive_change(LANE, 2, first, PAYLOADS[1])
    # Spelled out once more, by the table in the document and without the module under test.
    table = b"\x06" + bytes([0x15, 12, 0x34, 1, 0x42, 2, 0x56, 3, 0x57, len(PAYLOADS[1]), 0x70, 2])
    size = len(PAYLOADS[1]) << 4 | 7
    columns = b"\x7f\x0a0000000002" + b"\x01" + b"\x7f\x01"
    columns += b"\x7f" + bytes([size & 0x7F | 0x80, size >> 7]) + PAYLOADS[1] + b"\x7f\x00"
    body = b"\x01" + first + b"\x20" + LANE + b"\x02\x02" + b"\0\0\0" + table + columns
    chunk = b"\x01" + bytes([len(body)]) + body
    assert second == sha256(chunk).digest()
    assert second_raw == b"\x85\x6f\x4a\x83" + second[:4] + chunk
    return {
        "payload_1": PAYLOADS[0],
        "change_1": first_raw,
        "hash_1": first,
        "payload_2": PAYLOADS[1],
        "change_2": second_raw,
        "hash_2": second,
        "signed_message_2": signed_message(LANE, second),
        "signature_2": DEVICE_KEY.sign(signed_message(LANE, second)).signature,
    }


def _group(header: LaneHeader, payloads: tuple[bytes, ...]) -> EnvelopeGroup:
    envelopes = []
    prev: ChangeHash | None = None
    for seq, payload in enumerate(payloads, 1):
        unsigned = make_envelope(header, seq, prev, payload, bytes(64))
        signature = DEVICE_KEY.sign(signed_message(unsigned.lane, unsigned.hash)).signature
        envelopes.append(make_envelope(header, seq, prev, payload, signature))
        prev = unsigned.hash
    return EnvelopeGroup(header, tuple(envelopes))


def wire_vector() -> Vector:
    return {"groups": encode_groups([_group(FEED, PAYLOADS)])}


def text_vector() -> Vector:
    document = TextDocument(TEXT_ID)
    lane = lane_id(TEXT_HEADER)
    (raw,) = document.edit(lane, "Hi")
    document.apply(lane, raw)
    genesis = genesis_change(TEXT_ID)
    return {
        "text_id": TEXT_ID,
        "genesis": genesis,
        "genesis_hash": sha256(genesis[8:]).digest(),
        "lane": lane,
        "change": raw,
        "head": document.heads()[0],
        "digest": document.version().sha256,
    }


def entries_vector() -> Vector:
    issue = ChangeHash(bytes([0xAA] * 32))
    return {
        "propose.2": encode_entry(PROPOSE),
        "comment.1": encode_entry(Comment(2, issue, b"", "Good")),
        "ballot.1": encode_entry(Ballot(3, issue, 1, ((0,),))),
    }


def records_vector() -> Vector:
    join = encode_record(
        Join(COUNCIL, MEMBER, DEVICE, _certificate().signature, VRF, "Ada", bytes(INVITE_KEY.verify_key))
    )
    until = (Until(DEVICE, 0, 7),)
    duty = encode_record(Duty(COUNCIL, MEMBER, 1, DEVICE, _certificate().signature, until, ()))
    return {
        "join_body": join,
        "join_message": join_message(join),
        "duty_body": duty,
        "duty_message": duty_message(duty),
        "duty_signed": _signed(duty, duty_message(duty), MEMBER_KEY),
    }


def sync_vector() -> Vector:
    empty, held = LaneIndex(), LaneIndex()
    for envelope in _group(FEED, PAYLOADS).envelopes:
        held.add(FEED, envelope)
    question = Pull(COUNCIL, empty).next_request()
    assert question is not None
    return {
        "question": question,
        "answer_of_an_empty_peer": answer(empty, question)[0],
        "answer_of_a_peer_with_two": answer(held, question)[0],
    }


def _tree_of_one(name: str, key: bytes, value: bytes) -> bytes:
    """The root of a tree of one leaf, spelled out as the document says it."""
    buckets = [bytes(32)] * 4096
    bucket = key[0] << 4 | key[1] >> 4
    buckets[bucket] = sha256(key + len(value).to_bytes(4, "big") + value).digest()
    groups = [sha256(b"".join(buckets[at : at + 64])).digest() for at in range(0, 4096, 64)]
    return domain_hash("p2pcouncil/leaves/1", name.encode(), *groups)


def state_vector() -> Vector:
    genesis = _signed(_genesis_body(), COUNCIL, DEVICE_KEY)
    tree = LeafTree("entries")
    tree.put(bytes(range(32)), b"accepted")
    member: dict[str, object] = {"member": MEMBER, "name": "Ada", "vrf": VRF, "device": DEVICE}
    member |= {
        "is_founder": True,
        "is_admitted": True,
        "is_grounded": True,
        "has_left": False,
        "on_roll": True,
        "page_roll": True,
        "is_teller": True,
        "is_convicted": False,
        "objectors": [],
    }
    member |= {"vouchers": [], "joins": 0, "invite_key": b"", "invite_shared": False}
    duty: dict[str, object] = {
        "member": MEMBER,
        "device": DEVICE,
        "number": 0,
        "statement": None,
        "contested": [],
    }
    key = domain_hash("p2pcouncil/subject/1", msgspec.msgpack.encode(["member", MEMBER]))
    leaf = msgspec.msgpack.encode([member, duty])
    entries, outcomes = LeafTree("entries").root(), _tree_of_one("outcomes", key, leaf)
    fold = domain_hash("p2pcouncil/state/1", COUNCIL, entries, outcomes)
    assert fold == CouncilState(genesis).state_hash()
    assert domain_hash("p2pcouncil/place/1", COUNCIL, fold, b"") == Place(genesis).state_hash()
    assert _tree_of_one("entries", bytes(range(32)), b"accepted") == tree.root()
    return {
        "key": key,
        "leaf": leaf,
        "empty_tree": entries,
        "tree_of_one_leaf": tree.root(),
        "fold_of_the_founding": CouncilState(genesis).state_hash(),
        "council_state": Place(genesis).state_hash(),
    }


def _invitation() -> Invitation:
    address = "/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWJWEKvSFbben74C7H4YtKjhPMTDxd7gP7zxWMQDNcxKmu"
    return Invitation(COUNCIL, "Bakery", bytes(INVITE_KEY), (address,), "Ada", COUNCIL)


def invitation_vector() -> Vector:
    return {"packed": msgspec.msgpack.encode(_invitation())}


def lot_vector() -> Vector:
    device = DeviceKey(bytes(DEVICE_KEY))
    seed = lot.first_seed(COUNCIL)
    alpha = lot.lot_input(COUNCIL, seed, 1)
    proof = prove(device.vrf_seed(), alpha)
    beta = verify(device.vrf_public, alpha, proof)
    members = [MemberId(bytes([number] * 32)) for number in (1, 2, 3)]
    return {
        "seed_0": seed,
        "input_1": alpha,
        "vrf_seed": device.vrf_seed(),
        "vrf": device.vrf_public,
        "proof": proof,
        "beta": beta,
        "seed_1": lot.next_seed(seed, beta),
        "seed_1_without_a_proof": lot.next_seed(seed, None),
        "ranking_1": " ".join(str(member[0]) for member in lot.ranking(seed, 1, members)),
        "overseers_of_aa": " ".join(
            str(member[0])
            for member in lot.overseers(seed, ChangeHash(bytes([0xAA] * 32)), members, frozenset(), 2)
        ),
    }


VECTORS: dict[str, Callable[[], Vector]] = {
    "domain-hash": domain_hash_vector,
    "keys": keys_vector,
    "genesis": genesis_vector,
    "lane": lane_vector,
    "feed": feed_vector,
    "wire": wire_vector,
    "text": text_vector,
    "entries": entries_vector,
    "records": records_vector,
    "sync": sync_vector,
    "state": state_vector,
    "invitation": invitation_vector,
    "lot": lot_vector,
}


def show_vector(name: str) -> str:
    """A worked example as the document shows it: a name and hex, or text, per line."""
    lines = [
        f"{key}: {value if isinstance(value, str) else value.hex()}" for key, value in VECTORS[name]().items()
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("name", VECTORS)
def test_a_worked_example_is_what_the_code_makes(name: str) -> None:
    assert f"```vector {name}\n{show_vector(name)}\n```" in PROTOCOL


def test_the_invitation_that_is_shown_can_be_read() -> None:
    # Another zlib may deflate the same invitation into another line, so it is read and not written.
    (line,) = re.findall(r"^p2pc1:[a-z2-7]+$", PROTOCOL, re.MULTILINE)
    assert decode_invitation(line) == _invitation()


def test_every_worked_example_is_recomputed() -> None:
    assert sorted(re.findall(r"^```vector (\S+)$", PROTOCOL, re.MULTILINE)) == sorted(VECTORS)


def _named_in_protocol(text: str) -> bool:
    return f"`{text}`" in FLAT


@pytest.mark.parametrize("kind", AnyEntry.__args__)
def test_every_kind_of_entry_is_documented_with_its_fields(kind: type[msgspec.Struct]) -> None:
    tag = kind.__struct_config__.tag
    start = PROTOCOL.index(f"| `{tag}` |")
    row = PROTOCOL[start : PROTOCOL.index("\n", start)]
    fields = [name for name in kind.__struct_fields__ if name != "claimed_at_ms"]
    places = [row.index(f"`{name}`") for name in fields]
    assert places == sorted(places), "fields stand in the order in which they are encoded"


@pytest.mark.parametrize("kind", [Genesis, Charter, Founder, Join, Duty, Until, Signed])
def test_every_record_is_documented_with_its_fields(kind: type[msgspec.Struct]) -> None:
    start = PROTOCOL.index(f"| `{kind.__name__}` |")
    row = PROTOCOL[start : PROTOCOL.index("\n", start)]
    places = [row.index(f"`{name}`") for name in kind.__struct_fields__]
    assert places == sorted(places), "fields stand in the order in which they are encoded"


def test_every_question_rule_and_topic_is_documented() -> None:
    for kind in Kind:
        assert f"| {int(kind)} | `{kind.name}` |" in PROTOCOL, kind
    for gossip in GossipKind:
        assert f"| {int(gossip)} | `{gossip.name}` |" in PROTOCOL, gossip
    for rule in Rule:
        assert _named_in_protocol(rule.name), rule
    assert _named_in_protocol(topic_of(bytes(32)).replace("0" * 64, "<council id in hex>"))


def _sources() -> Iterator[Path]:
    for package in ("crdt", "net", "p2pcouncil"):
        yield from sorted((ROOT / package).rglob("*.py"))


def test_every_hash_domain_is_documented() -> None:
    found = {
        domain.split("\\0")[0]
        for path in _sources()
        for domain in re.findall(r'"(/?p2pcouncil/[a-z/-]+/\d+(?:\\0)?)"', path.read_text(encoding="utf-8"))
    }
    assert len(found) > 10
    assert [domain for domain in sorted(found) if not _named_in_protocol(domain)] == []


def _limits() -> Iterator[tuple[str, str, str]]:
    """Module, name and value of every public limit that is a plain number, as the table shows them."""
    for pattern in LIMITS_FROM:
        for path in sorted(ROOT.glob(pattern)):
            known: dict[str, int | float] = {}
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    name = node.targets[0].id
                    value = _value(node.value, known)
                    if value is None:
                        continue
                    known[name] = value
                    is_limit = name.startswith("MAX_") or name.endswith(("_MAX", "_MIN"))
                    if is_limit and not name.startswith("_"):
                        yield str(path.relative_to(ROOT)), name, f"{value:,}"


def _value(node: ast.expr, known: dict[str, int | float]) -> int | float | None:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, known), _value(right, known)
            if a is None or b is None:
                return None
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.LShift() if isinstance(a, int) and isinstance(b, int):
                    return a << b
    return None


def test_every_limit_is_documented_with_its_value() -> None:
    rows = [row for row in PROTOCOL.splitlines() if row.startswith("| `")]
    limits = list(_limits())
    assert len(limits) > 40
    missing = [
        (module, name, value)
        for module, name, value in limits
        if not any(row.startswith(f"| `{module}` | `{name}` | {value} |") for row in rows)
    ]
    assert missing == []


def _limit_rows() -> list[list[str]]:
    """The cells of the tables of section 19."""
    section = PROTOCOL[PROTOCOL.index("## 19. Limits") : PROTOCOL.index("## 20.")]
    return [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in section.splitlines()
        if row.startswith("| `") and "/" in row.split("|")[1]
    ]


def test_every_limit_says_whose_it_is_and_why() -> None:
    rows = _limit_rows()
    assert [row for row in rows if len(row) != 6 or row[3] not in ("all", "own") or not all(row)] == []
    assert len({(row[0], row[1]) for row in rows}) == len(rows)


def test_no_limit_is_documented_that_is_gone() -> None:
    exist = {(f"`{module}`", f"`{name}`") for module, name, _ in _limits()}
    assert [row[:2] for row in _limit_rows() if (row[0], row[1]) not in exist] == []


def test_what_one_member_can_make_a_peer_keep_follows_from_the_limits() -> None:
    feeds, texts = keys.MAX_GENERATIONS, lane_bounds.MAX_TEXT_LANES_PER_DEVICE
    lanes = envelopes = payload_bytes = 0
    for kind, count in ((LaneKind.FEED, feeds), (LaneKind.TEXT, texts)):
        # A fork at the last place of a full lane leaves one envelope more.
        lanes += count
        envelopes += count * (lane_bounds.max_envelopes_of(kind) + 1)
        payload_bytes += count * (lane_bounds.max_bytes_of(kind) + lane_bounds.max_payload_bytes_of(kind))
    devices = lane_bounds.MAX_DEVICES_PER_MEMBER
    said = (
        f"{devices} devices with {feeds} generations of a feed and {texts:,} text lanes each",
        f"{devices * lanes:,} lanes with {devices * envelopes:,} envelopes"
        f" of {devices * payload_bytes:,} bytes of payloads",
    )
    assert [sentence for sentence in said if sentence not in FLAT] == []


def test_what_a_stranger_can_make_a_peer_keep_follows_from_the_limits() -> None:
    said = (
        f"{strangers.MAX_BYTES:,} bytes set aside",
        f"the headers of {sync_doorstep.MAX_DOORSTEP_LANES:,} lanes per council",
        f"{lobby.MAX_PER_INVITATION} joins of at most 4,096 bytes in a lobby of at most {lobby.MAX_LOBBY}",
    )
    assert [sentence for sentence in said if sentence not in FLAT] == []


def _tests_that_exist() -> set[str]:
    found = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(f"{path.relative_to(ROOT / 'tests')}::{node.name}")
    return found


def _documents() -> list[Path]:
    return [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]


def test_every_test_that_is_named_exists() -> None:
    named = {
        name
        for path in sorted(DOCS.rglob("*.md"))
        for name in re.findall(r"`([a-z0-9_/]+\.py::test_\w+)`", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert sorted(named - _tests_that_exist()) == []


@pytest.mark.parametrize("path", _documents(), ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        is_broken = not found.exists()
        if not is_broken and anchor and found.suffix == ".md":
            is_broken = anchor not in _anchors(found.read_text(encoding="utf-8"))
        if is_broken:
            broken.append(target)
    assert broken == []


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_paths_that_are_named_exist(path: Path) -> None:
    named = re.findall(
        r"`((?:crdt|net|p2pcouncil|tui|tests|scenarios|docs)/[\w./-]*)`", path.read_text(encoding="utf-8")
    )
    paths = [name for name in named if not re.search(r"/\d+$", name)]  # hash domains end in their version
    assert sorted(name for name in paths if not (ROOT / name).exists()) == []


def test_the_index_names_every_document() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    others = [path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob("*.md"))]
    assert [name for name in others if name != "README.md" and f"({name})" not in index] == []


def test_a_request_begins_with_the_callers_patience() -> None:
    from net.libp2p.requests import HEADER

    assert HEADER.pack(20_000) == struct.pack(">I", 20_000)
    assert "4 bytes, big-endian: how many milliseconds the caller waits" in FLAT
