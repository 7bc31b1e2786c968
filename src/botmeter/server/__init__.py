"""The server process: ASGI front, routes that take events, bridge to Django, owner socket."""
