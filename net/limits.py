"""The bounds of the port, checked by every adapter in the same words before anything is sent."""

from net.transport import MAX_GOSSIP_BYTES, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, TransportError

MAX_TOPIC_CHARACTERS = 200


def validate_topic(topic: str) -> None:
    """Refuse a topic name that is empty or too long.

    Raises:
        TransportError: it is.
    """
    if not 0 < len(topic) <= MAX_TOPIC_CHARACTERS:
        raise TransportError(f"A topic has 1 to {MAX_TOPIC_CHARACTERS} characters, not {len(topic)}.")


def validate_gossip(data: bytes) -> None:
    """Refuse a gossip message above `MAX_GOSSIP_BYTES`.

    Raises:
        TransportError: it is larger.
    """
    _validate_size(data, MAX_GOSSIP_BYTES, "A gossip message")


def validate_request(data: bytes, timeout_ms: int) -> None:
    """Refuse a request above `MAX_REQUEST_BYTES` or without time to be answered.

    Raises:
        TransportError: it is larger, or the time-out is not above zero.
    """
    _validate_size(data, MAX_REQUEST_BYTES, "A request")
    if timeout_ms <= 0:
        raise TransportError("A request needs a time-out above zero.")


def validate_response(data: bytes) -> None:
    """Refuse an answer above `MAX_RESPONSE_BYTES`.

    Raises:
        TransportError: it is larger.
    """
    _validate_size(data, MAX_RESPONSE_BYTES, "An answer")


def _validate_size(data: bytes, limit_bytes: int, what: str) -> None:
    if len(data) > limit_bytes:
        raise TransportError(f"{what} has at most {limit_bytes} bytes; this one has {len(data)}.")
