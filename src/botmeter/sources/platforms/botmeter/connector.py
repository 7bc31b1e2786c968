"""Events in Botmeter's own format."""

from botmeter.sources.payloads.connector import EVENT_KEYS, Connector

CONNECTOR = Connector(
    platform="botmeter",
    label="Your own events",
    summary="Your own program sends events in Botmeter's format.",
    steps=(
        "Have it post events as JSON to the address above.",
        "Or create an API key with the scope events:write, and name this source in each request.",
    ),
    command='curl -H "Authorization: Bearer bm_…" --json @events.json \\\n  {server}/api/v1/events?source={source}',
    guide="client.md",
    deliveries="requests to the API or to the source's address",
    files="CSV, NDJSON, JSON, Parquet",
    sender="Not needed: each event names its actor",
    own_keys=EVENT_KEYS,
    is_native=True,
)
