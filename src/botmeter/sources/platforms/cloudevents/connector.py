"""CloudEvents 1.0 with events in Botmeter's format."""

from botmeter.sources.payloads.connector import EVENT_KEYS, Connector

CONNECTOR = Connector(
    platform="cloudevents",
    label="CloudEvents",
    summary="Your own events in the envelope of CloudEvents 1.0: structured, batched or binary.",
    steps=(
        "Give your producer or broker the address above; its OPTIONS handshake is answered.",
        "The data of each event is a Botmeter event, as described on the page about events.",
    ),
    guide="sources/cloudevents.md",
    deliveries="structured, batched and binary mode",
    files="one event, a batch, one event a line",
    sender="Not needed: each event names its actor",
    own_keys=EVENT_KEYS,
    is_native=True,
)
