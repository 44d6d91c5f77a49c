"""Views as plain JSON: for scripts, under the names that the views have.

Ids and hashes become hex, and a method becomes an object with its name under ``type``.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec

from p2pcouncil.domain.tally.method import Method
from p2pcouncil.peer.commands import Done
from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.network import NetworkView, StatusView
from p2pcouncil.peer.views.proposals import ProposalView

Json = dict[str, Any]


def plain(value: object) -> Any:  # noqa: ANN401 - what json takes has no better name
    """Turn a view, or anything inside one, into what `json` takes.

    Raises:
        TypeError: a value of a kind that no view has; a bug of ours.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return value.hex()
        case Path():
            return str(value)
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case msgspec.Struct():
            tag = value.__struct_config__.tag
            fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
            return fields if tag is None else {"type": tag, **fields}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case float():
            return round(value, 3)
        case _:
            raise TypeError(f"no view holds a {type(value).__name__}")


def dump(value: object) -> str:
    """One line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False)


def method_name(method: Method) -> str:
    """The method as it is named on the command line."""
    return str(method.__struct_config__.tag)


def json_of_done(done: Done, **more: object) -> Json:
    """What a command did."""
    return {**plain(done), **plain(more)}


def json_of_tally(proposal: ProposalView, issue: IssueView) -> Json:
    """A vote as it stands, with its counts by option."""
    tally = issue.tally
    return {
        "proposal": proposal.id.hex(),
        "issue": issue.id.hex(),
        "council": proposal.council_name,
        "title": proposal.title,
        "method": method_name(issue.method),
        "counts": {option.label: option.count for option in tally.counts},
        "winners": [option.label for option in tally.counts if option.is_winner],
        "tied": list(tally.tied),
        "unit": tally.unit,
        "turnout": tally.turnout,
        "roll_size": tally.roll_size,
        "quorum_needed": tally.quorum_needed,
        "outcome": tally.outcome,
        "headline": tally.headline,
        "explain": list(tally.explain),
        "rounds": plain(tally.rounds),
        "status": issue.status,
        "status_line": issue.status_line,
        "my_choice": issue.my_choice_text,
        "held_by": issue.held_by,
        "holders_known": issue.holders_known,
        "ballots": plain(issue.ballots),
    }


def json_of_status(status: StatusView) -> Json:
    """Everything in a glance; of councils what scripts compare, not their rolls."""
    councils = [
        {
            "id": c.id.hex(),
            "name": c.name,
            "kind": c.kind,
            "my_standing": c.my_standing,
            "members": len(c.members),
            "requests": len(c.requests),
            "entries": c.entries,
            "behind": c.behind,
            "state_hash": c.state_hash,
            "rejected": len(c.rejected),
        }
        for c in status.councils
    ]
    return {
        "line": status.line,
        "identity": plain(status.identity),
        "entries": status.entries,
        "councils": councils,
        "pending": plain(status.pending),
        "network": json_of_network(status.network),
    }


def json_of_network(network: NetworkView) -> Json:
    """How this peer stands in the network."""
    return dict(plain(network))
