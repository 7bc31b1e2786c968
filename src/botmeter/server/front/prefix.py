"""Path under which a proxy serves everything."""

from botmeter.server.front.protocol import Scope


def without_prefix(scope: Scope, prefix: str) -> Scope:
    """Remove the prefix from a request's path, unless a proxy did."""
    raw_path, own = bytes(scope.get("raw_path") or scope["path"].encode()), prefix.encode()
    if not prefix or not (raw_path == own or raw_path.startswith(own + b"/")):
        return scope
    # The prefix has no character that is encoded in paths.
    return {**scope, "path": scope["path"][len(prefix) :] or "/", "raw_path": raw_path[len(own) :] or b"/"}
