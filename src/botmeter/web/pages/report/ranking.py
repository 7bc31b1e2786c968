"""Ranked bars on one scale."""

from dataclasses import dataclass

from botmeter.domain import text
from botmeter.web.components import Opener, RankedLine, bar_width, longest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A bot, channel or ticket type; `before_count` is None without a comparison."""

    name: str
    href: str
    count: int
    before_count: int | None = None
    tag: str = ""
    is_nested: bool = False
    opener: Opener | None = None


def ranked(counted: list[Counted], *, whole: int) -> tuple[RankedLine, ...]:
    """Scale bars to the largest count; `whole` is the total of shares."""
    longest = longest_of([max(one.count, one.before_count or 0) for one in counted])
    return tuple(
        RankedLine(
            name=one.name,
            href=one.href,
            number=one.count,
            value=text.count_text(one.count),
            width=bar_width(one.count, longest=longest),
            before=None if not one.before_count else bar_width(one.before_count, longest=longest),
            share=text.share_text(one.count, whole=whole),
            tag=one.tag,
            is_nested=one.is_nested,
            opener=one.opener,
        )
        for one in counted
    )
