"""The platform whose file a file is: its own samples are recognised, tables and events of others are not."""

from pathlib import Path

import pytest

from botmeter.sources.platform_files import platform_of
from botmeter.sources.platforms.registry import connectors
from botmeter.sources.reader import SourceFile


@pytest.mark.parametrize("platform", [each.platform for each in connectors() if not each.is_native])
def test_the_sample_of_a_platform_is_recognised(tmp_path: Path, platform: str) -> None:
    connector = next(each for each in connectors() if each.platform == platform)
    path = tmp_path / "sample.json"
    path.write_bytes(connector.sample.body)
    assert platform_of(SourceFile(path=str(path))) == platform


@pytest.mark.parametrize(
    "content",
    [
        "Nr;Wer;Wann\n1;visitor;2026-03-10 10:00\n",
        '{"event_id": "1", "occurred_at": "", "conversation_id": "v", "customer_id": "c", "actor": "bot"}',
        '{"event": "message", "messages": [{"id": 1}]}',
        '{"id": 1, "text": "hello"}',
        "\x00\x01",
    ],
)
def test_other_files_are_of_no_platform(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    assert platform_of(SourceFile(path=str(path))) is None
