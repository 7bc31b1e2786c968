"""The server process: ASGI front, handlers of events and webhooks, health, metrics, logs."""
