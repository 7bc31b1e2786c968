"""What a page says once, after something was sent and the browser was led on: kept in the session until it is shown."""

from dataclasses import asdict, dataclass
from typing import Final, Literal

from django.http import HttpRequest

_KEY: Final = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One fact and its consequence.

    Attributes:
        secrets: What is shown this one time and never again: a link, recovery codes.
    """

    fact: str
    consequence: str = ""
    kind: Literal["ok", "info", "warn", "bad"] = "ok"
    secrets: tuple[str, ...] = ()


def tell(request: HttpRequest, notice: Notice) -> None:
    """The next page that asks for it shows the notice."""
    request.session[_KEY] = asdict(notice)


def told(request: HttpRequest) -> Notice | None:
    """What is to be shown now; gone after that."""
    kept = request.session.pop(_KEY, None)
    return None if kept is None else Notice(**{**kept, "secrets": tuple(kept["secrets"])})
