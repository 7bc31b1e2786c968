"""Declaration of a platform, without account, clock, database or network."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.payloads.crawlers import PullApi
from botmeter.sources.payloads.payload import Delivery, PayloadContent, PayloadReader, refused_payload
from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import TableOptions

IMPORT_COMMAND: Final = "botmeter import FILE --account {account} --source {source}"
SAMPLE_ID: Final = "botmeter-test"
# Before any account has data, so that a sample counted by mistake could not change a number.
SAMPLE_TIME: Final = "2001-01-01T00:00:00.000Z"
_JSON: Final = "application/json"
SWITCH: Final = (("", "Off"), ("yes", "On"))
"""`values` of an option that is on or off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorOption:
    """Setting for sources of one platform.

    Attributes:
        name: Key in `Source.options`.
        values: Allowed ones with labels, the default first, maybe empty; none: any text.
    """

    name: str
    label: str
    help: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def is_switch(self) -> bool:
        return self.values == SWITCH

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(value for value, _ in self.values if value)

    def allows(self, value: str) -> bool:
        return not self.values or value in self.codes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSecret:
    """Secret with which a platform signs its deliveries.

    Attributes:
        check: Raises `NotAllowed`.
        validate: Raises `Refused` (`secret_invalid`).
        is_long: Needs a multi-line field.
    """

    label: str
    help: str
    check: Callable[[Delivery, str], None]
    validate: Callable[[str], object] | None = None
    is_long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePayload:
    """Test payload in which nothing counts."""

    content: object
    media_type: str = _JSON

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self.content)

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": self.media_type}


# The only form of Botmeter's own format that may hold no events.
_EMPTY_BATCH: Final = SamplePayload(content=[], media_type="application/cloudevents-batch+json")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedFiles:
    """Files whose records explain one another and form one payload.

    Attributes:
        columns: Required in a table, in lower case.
        id_column: One of them.
        is_array_whole: A JSON array must not be read in pieces.
    """

    columns: tuple[str, ...]
    id_column: str
    is_array_whole: bool = False


class ReportReader(Protocol):
    """Function that reads a platform's files that are not JSON."""

    def __call__(self, stream: ByteStream, source: Source, *, options: TableOptions) -> Iterator[EventBatch]: ...


def _no_payloads(payload: bytes, source: Source) -> PayloadContent:  # noqa: ARG001 - the protocol's
    raise refused_payload("Payloads in Botmeter's own format are read as events.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """Everything specific to one platform.

    Attributes:
        summary: Sentence on counted events.
        guide: Path below `docs/guides`.
        command: Template with `{account}`, `{source}` and `{server}`.
        secret: None: deliveries are unsigned.
        challenge: Query parameters and verify token → answer; raises `NotAllowed`.
        read_report: Reads files that are not JSON.
        delivery_id_header: In lower case; empty: deliveries have no id.
        joined_files: None: each JSON object is a payload.
        file_reader: Makes a reader of one file, which remembers earlier records.
        own_keys: Sets of keys, one of which every payload has; empty: no object holds payloads.
    """

    platform: str
    label: str
    summary: str
    steps: tuple[str, ...]
    guide: str
    deliveries: str
    files: str = "webhook payloads"
    read: PayloadReader = _no_payloads
    sample: SamplePayload = _EMPTY_BATCH
    command: str = ""
    sender: str = "The id or the name of the sender"
    secret: SignatureSecret | None = None
    pull: PullApi | None = None
    challenge: Callable[[Mapping[str, str], str], str] | None = None
    delivery_id_header: str = ""
    read_report: ReportReader | None = None
    joined_files: JoinedFiles | None = None
    file_reader: Callable[[], PayloadReader] | None = None
    own_keys: tuple[frozenset[str], ...] = ()
    options: tuple[ConnectorOption, ...] = ()
    is_native: bool = False


EVENT_KEYS: Final = (frozenset({"event_id"}), frozenset({"specversion"}))
"""`own_keys` of Botmeter's own format and of CloudEvents."""
