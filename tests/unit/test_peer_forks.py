"""Old copies and clones of a home: nothing is contradicted that can be helped, and all peers come to one state."""

import shutil
from pathlib import Path

from crdt.envelope import EnvelopeGroup
from crdt.ids import ChangeHash, CouncilId
from crdt.store.rows import export_groups
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.showing.councils import show_council
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of


def copy_of(node: Node, folder: Path, name: str) -> Path:
    """A copy of a node's store, as a backup or a second laptop would have it."""
    node.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (path,) = [row[2] for row in node.conn.execute("PRAGMA database_list")]
    copy = folder / name
    shutil.copy(path, copy)
    return copy


def groups_of(node: Node, council: CouncilId) -> list[EnvelopeGroup]:
    return [group for chunk in export_groups(node.conn, council) for group in chunk]


def comments(node: Node, council: CouncilId, proposal: ChangeHash) -> set[str]:
    return {comment.text for comment in node.place(council).state.comments(proposal)}


def text_of(node: Node, council: CouncilId, proposal: ChangeHash) -> str:
    place = node.place(council)
    return place.text(place.state.proposal(proposal).text_id).text()


class Pair:
    """Ada and Cem, who are online; Ben, whose store is a file; a proposal of Ada's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.simulation = Simulation(1)
        self.council, (self.ada, self.cem) = self.simulation.society("Ada", "Cem")
        self.ben = self.simulation.node("Ben", folder / "ben.sqlite")
        self.simulation.let_in(self.council, self.ada, self.ben)
        self.oven = proposal_of(self.ada, self.council, "Oven", "Text\n")
        self.simulation.converge(self.council)
        self.ben.submit(c.AddComment(self.oven, "before the copy"))
        self.simulation.converge(self.council)

    def clone(self) -> Node:
        return Node(self.simulation, "Ben", copy_of(self.ben, self.folder, "clone.sqlite"))


def test_a_restored_old_copy_goes_on_in_a_new_feed_and_contradicts_nothing(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    backup = copy_of(pair.ben, tmp_path, "backup.sqlite")
    pair.ben.submit(c.AddComment(pair.oven, "after the backup"))
    pair.ben.submit(c.EditText(pair.oven, "Text by Ben\n"))
    pair.simulation.converge(pair.council)
    pair.ben.go_offline()
    restored = pair.simulation.nodes["Ben"] = Node(pair.simulation, "Ben", backup)
    restored.go_online()
    restored.submit(c.Dial(pair.simulation.network.address(pair.ada.key)))
    pair.simulation.converge(pair.council)
    restored.submit(c.AddComment(pair.oven, "from the restored laptop"))
    restored.submit(c.EditText(pair.oven, "Text by Ben, restored\n"))
    pair.simulation.converge(pair.council)
    for node in (pair.ada, pair.cem, restored):
        assert not node.peer.world.forks
        everything = {"before the copy", "after the backup", "from the restored laptop"}
        assert comments(node, pair.council, pair.oven) == everything
        assert text_of(node, pair.council, pair.oven) == "Text by Ben, restored\n"
    feeds = {h.generation for h in pair.ada.place(pair.council).lanes_of(restored.member)}
    assert feeds == {0, 1}


def test_two_clones_that_write_at_once_end_in_one_state_everywhere_and_it_is_shown(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.ben.go_offline()
    clone = pair.clone()
    for node, word in ((pair.ben, "first"), (clone, "second")):
        node.submit(c.AddComment(pair.oven, f"{word} laptop"))
        node.submit(c.AddComment(pair.oven, f"{word} laptop again"))
        node.submit(c.EditText(pair.oven, f"Text by the {word} laptop\n"))
    pair.cem.go_offline()
    pair.ada.take_in(groups_of(pair.ben, pair.council))
    assert "first laptop" in comments(pair.ada, pair.council, pair.oven)
    pair.ada.take_in(groups_of(clone, pair.council))
    pair.cem.take_in(groups_of(clone, pair.council))
    pair.cem.take_in(groups_of(pair.ben, pair.council))
    late = Node(pair.simulation, "Dan", ":memory:")
    late._keep("council", pair.council, pair.ada.place(pair.council).genesis_bytes)
    late.take_in(groups_of(pair.ada, pair.council))
    late.take_in(groups_of(pair.ada, pair.council))
    pair.ben.take_in(groups_of(pair.ada, pair.council))
    clone.take_in(groups_of(pair.ada, pair.council))
    everybody = (pair.ada, pair.cem, pair.ben, clone, late)
    assert pair.simulation.equal(pair.council, everybody)
    for node in everybody:
        assert comments(node, pair.council, pair.oven) == {"before the copy"}
        assert text_of(node, pair.council, pair.oven) == "Text\n"
        rejected = show_council(node.peer, node.place(pair.council), 0).rejected
        assert [who for _, who, why in rejected if "two different things" in why] == ["Ben"] * 4


def test_after_a_fork_the_laptop_goes_on_in_a_new_feed(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.ben.go_offline()
    clone = pair.clone()
    for node, word in ((pair.ben, "first"), (clone, "second")):
        node.submit(c.AddComment(pair.oven, f"{word} laptop"))
        node.submit(c.EditText(pair.oven, f"Text by the {word} laptop\n"))
    pair.ada.take_in(groups_of(clone, pair.council))
    pair.ben.go_online()
    pair.ben.submit(c.Dial(pair.simulation.network.address(pair.ada.key)))
    pair.simulation.converge(pair.council)
    pair.ben.submit(c.AddComment(pair.oven, "once more"))
    pair.ben.submit(c.EditText(pair.oven, "Text once more\n"))
    pair.simulation.converge(pair.council)
    for node in (pair.ada, pair.cem):
        assert comments(node, pair.council, pair.oven) == {"before the copy", "once more"}
        assert text_of(node, pair.council, pair.oven) == "Text once more\n"


def test_a_change_that_comes_before_what_it_builds_on_is_read_once_that_came(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.cem.go_offline()
    pair.ada.submit(c.EditText(pair.oven, "Text by Ada\n"))
    pair.simulation.converge(pair.council, [pair.ada, pair.ben])
    pair.ben.submit(c.EditText(pair.oven, "Text by Ada and Ben\n"))
    ours, theirs = groups_of(pair.ada, pair.council), groups_of(pair.ben, pair.council)
    pair.cem.take_in([group for group in theirs if group.header.member == pair.ben.member])
    assert text_of(pair.cem, pair.council, pair.oven) == "Text\n"
    pair.cem.take_in(ours)
    assert text_of(pair.cem, pair.council, pair.oven) == "Text by Ada and Ben\n"
