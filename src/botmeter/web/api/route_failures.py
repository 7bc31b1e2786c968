"""Failures of the routes: status and condition."""

from collections.abc import Mapping
from typing import Final

from botmeter.live.event_body import BODY_BYTES_MAX, EVENTS_MAX
from botmeter.people.wrong_secrets import WRONG_MAX
from botmeter.web.api.authentication import REQUESTS_A_MINUTE


def too_many(most: int) -> str:
    """Condition of 429."""
    return (
        f"More than {most:,} requests of the key, or {WRONG_MAX} wrong keys of the client's network, in this minute; "
        "`Retry-After` has the seconds left of it."
    )


BUG: Final = "A bug; `reference` finds its details in the server's logs."
NO_KEY: Final = "No key was sent, or the key does not work, or no longer."
NO_SCOPE: Final = "The key lacks the scope that this route needs."
WRONG_ADDRESSES: Final = (
    f"The client's network sent {WRONG_MAX} wrong keys in this minute; `Retry-After` has the seconds left of it."
)
NO_ADDRESS: Final = "The address does not exist."
MEDIA_TYPE: Final = "The body is in no format that this route accepts."

READ: Final[Mapping[int, str]] = {
    400: "The request is not valid; `detail` says what to change.",
    401: NO_KEY,
    403: NO_SCOPE,
    404: "The thing does not exist, or the key is for another account.",
    413: "A limit is exceeded; `detail` names it.",
    429: too_many(REQUESTS_A_MINUTE),
    500: BUG,
    503: "Temporary; try again after `Retry-After` seconds.",
}
CHANGE: Final[Mapping[int, str]] = {
    **READ,
    409: "The change contradicts what is stored; `detail` says what.",
    415: MEDIA_TYPE,
}
INGEST: Final[Mapping[int, str]] = {
    400: "The body can't be read; `detail` says why.",
    404: NO_ADDRESS,
    408: "The body stopped arriving.",
    413: f"More than {EVENTS_MAX:,} events or {BODY_BYTES_MAX >> 20} MiB; `detail` says how to split them.",
    415: MEDIA_TYPE,
    500: f"{BUG} The events may or may not be stored.",
    503: "No event was stored; send the request again after `Retry-After` seconds.",
}
