"""The path of the public URL, removed from requests by the proxy or by the front."""

from urllib.parse import unquote

import pytest

from botmeter.server.front.prefix import without_prefix


@pytest.mark.parametrize(
    ("raw_path", "rest"),
    [
        ("/meter", "/"),
        ("/meter/", "/"),
        ("/meter/a/acme", "/a/acme"),
        ("/meter/meter/x", "/meter/x"),
        ("/meter/a%2Fb", "/a%2Fb"),
        ("/metering", "/metering"),
        ("/a/acme", "/a/acme"),
        ("/%6Deter/a", "/%6Deter/a"),
    ],
)
def test_the_prefix_is_removed_once_and_only_as_a_whole(raw_path: str, rest: str) -> None:
    scope = without_prefix({"type": "http", "path": unquote(raw_path), "raw_path": raw_path.encode()}, "/meter")
    assert scope == {"type": "http", "path": unquote(rest), "raw_path": rest.encode()}


def test_without_a_prefix_nothing_changes() -> None:
    scope = {"type": "http", "path": "/a", "raw_path": b"/a"}
    assert without_prefix(scope, "") is scope
