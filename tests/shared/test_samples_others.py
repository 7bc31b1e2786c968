"""Payloads of platforms that Botmeter does not read: whichever source they are sent to, they are kept whole.

They stand in the folder that BOTMETER_SHARED names or in ../shared.
"""

import os
from pathlib import Path

import pytest
from tests.support.payloads import read_all

from botmeter.domain.source import Source
from botmeter.sources.platforms.registry import platform_codes

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples"
FOREIGN = sorted(path for name in ("facebook_messenger", "slack") for path in (SAMPLES / name).glob("*.json"))
CONNECTED = [platform for platform in platform_codes() if platform not in ("botmeter", "cloudevents")]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]


def test_there_are_foreign_payloads() -> None:
    assert len(FOREIGN) >= 3


@pytest.mark.parametrize("platform", CONNECTED)
@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.stem)
def test_a_foreign_payload_is_kept_whole(path: Path, platform: str) -> None:
    sent = path.read_bytes()
    (rejection,) = read_all(sent, source=Source(name="any", platform=platform)).rejections
    assert (rejection.code, rejection.raw) == ("payload_not_understood", sent)
    assert rejection.detail.endswith(".")


@pytest.mark.parametrize("platform", CONNECTED)
@pytest.mark.parametrize("folder", ["botframework", "chatwoot", "freshchat", "rasa", "whatsapp"])
def test_no_connector_takes_a_payload_of_another_platform(folder: str, platform: str) -> None:
    for path in sorted((SAMPLES / folder).glob("*.*")):
        if path.suffix != ".txt" and folder != platform:
            found = read_all(path.read_bytes(), source=Source(name="any", platform=platform))
            assert (found.events, found.codes) == ([], ["payload_not_understood"]), path.name
