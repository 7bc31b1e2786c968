"""Rasa connector."""

from botmeter.sources.payloads.connector import (
    IMPORT_COMMAND,
    SAMPLE_ID,
    Connector,
    ConnectorOption,
    JoinedFiles,
    SamplePayload,
)
from botmeter.sources.platforms.rasa.events import file_reader, read_payload

CONNECTOR = Connector(
    platform="rasa",
    label="Rasa",
    summary="What users and the assistant say, from the event broker or from a tracker store.",
    steps=(
        "Have the consumer of your event broker post each event to the address above, as JSON.",
        "Import the tracker store for earlier events. An event that arrives both ways counts once.",
    ),
    command=IMPORT_COMMAND,
    guide="sources/rasa.md",
    deliveries="posts of the event broker's consumer",
    files="the broker's file, tracker dumps, the tracker store's table as CSV or XLSX",
    sender="The id of the assistant",
    read=read_payload,
    file_reader=file_reader,
    own_keys=(
        frozenset({"sender_id"}),
        frozenset({"conversation_id"}),
        frozenset({"name", "events"}),
        frozenset({"event", "timestamp"}),
        frozenset({"type_name", "data"}),
    ),
    joined_files=JoinedFiles(columns=("sender_id", "type_name", "data"), id_column="sender_id"),
    sample=SamplePayload(
        content={"sender_id": SAMPLE_ID, "event": "slot", "timestamp": 978307200.0, "name": SAMPLE_ID, "value": None}
    ),
    options=(
        ConnectorOption(
            name="ticket_slot",
            label="Ticket slot",
            help="The slot (or memory) in which the bot keeps the id of a helpdesk ticket.",
        ),
        ConnectorOption(
            name="preview_channels",
            label="Preview channels",
            help="Channels whose traffic is a preview, separated by commas. Default: inspector, cmdline, rasa.",
        ),
        ConnectorOption(
            name="preview_environments",
            label="Preview environments",
            help="Values of RASA_ENVIRONMENT that are previews. Default: development, dev, test, testing, staging.",
        ),
    ),
)
