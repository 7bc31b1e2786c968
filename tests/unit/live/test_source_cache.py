"""What accounts say of their sources, as the intake remembers it."""

from botmeter.domain.source import Source
from botmeter.live.source_cache import KEPT_MAX, KEPT_SECONDS, KeptSources


class Said:
    """What the account says, and how often it was asked."""

    def __init__(self) -> None:
        self.channel = "web"
        self.asked_count = 0
        self.now = 0.0

    def look(self, _: str, name: str) -> Source | None:
        self.asked_count += 1
        return None if name == "unknown" else Source(name=name, platform="botmeter", channel=self.channel)

    def kept(self) -> KeptSources:
        return KeptSources(self.look, elapsed=lambda: self.now)


def test_a_change_of_a_source_holds_within_a_second() -> None:
    said = Said()
    kept = said.kept()
    found = []
    for now in (0.0, KEPT_SECONDS / 2, KEPT_SECONDS):
        said.now = now
        source = kept.source_of("acme", "desk")
        assert source is not None
        found.append(source.channel)
        said.channel = "sms"
    assert found == ["web", "web", "sms"]


def test_a_source_of_which_nothing_is_said_is_asked_for_once_too() -> None:
    said = Said()
    kept = said.kept()
    assert [kept.source_of("acme", "unknown") for _ in range(3)] == [None] * 3
    assert said.asked_count == 1


def test_a_sender_that_names_another_source_in_each_request_takes_no_more_memory() -> None:
    kept = Said().kept()
    for number in range(3 * KEPT_MAX):
        kept.source_of("acme", f"source-{number}")
    assert len(kept) <= KEPT_MAX
