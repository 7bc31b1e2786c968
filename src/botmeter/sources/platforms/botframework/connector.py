"""Bot Framework connector."""

from botmeter.sources.payloads.connector import (
    IMPORT_COMMAND,
    SAMPLE_ID,
    SAMPLE_TIME,
    Connector,
    ConnectorOption,
    JoinedFiles,
    SamplePayload,
)
from botmeter.sources.platforms.botframework.activities import read_payload
from botmeter.sources.platforms.botframework.copilot import CONTENT_COLUMN, ID_COLUMN

CONNECTOR = Connector(
    platform="botframework",
    label="Bot Framework and Copilot Studio",
    summary="Transcripts of the Bot Framework, and conversation transcripts of Copilot Studio.",
    steps=(
        "Have a transcript logger of your bot post each activity to the address above, as JSON.",
        "Import files: .transcript, and the Dataverse table conversationtranscript as CSV or XLSX.",
    ),
    command=IMPORT_COMMAND,
    guide="sources/bot-framework.md",
    deliveries="posts of a transcript logger",
    files="transcripts, Dataverse's table conversationtranscript as CSV or XLSX",
    sender="The id or the name of the bot's account",
    read=read_payload,
    own_keys=(
        frozenset({"type", "conversation"}),
        frozenset({"Type", "Conversation"}),
        frozenset({ID_COLUMN, CONTENT_COLUMN}),
        frozenset({"value"}),
    ),
    joined_files=JoinedFiles(columns=(ID_COLUMN, CONTENT_COLUMN), id_column=ID_COLUMN, is_array_whole=True),
    sample=SamplePayload(
        content={
            "type": "typing",
            "id": SAMPLE_ID,
            "timestamp": SAMPLE_TIME,
            "channelId": "test",
            "conversation": {"id": SAMPLE_ID},
            "from": {"id": SAMPLE_ID, "role": "bot"},
            "recipient": {"id": SAMPLE_ID, "role": "user"},
        }
    ),
    options=(
        ConnectorOption(
            name="preview_channels",
            label="Preview channels",
            help="Channels whose traffic is a preview, separated by commas. Default: emulator, chatdown, test, and the "
            "test panes of Copilot Studio.",
        ),
    ),
)
