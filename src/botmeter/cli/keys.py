"""Commands of `key`."""

from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.completion import accounts_starting
from botmeter.cli.data_dir import open_people
from botmeter.cli.output import say, show, show_rows
from botmeter.cli.terminal import printable
from botmeter.domain.instant import text_to_the_second, us_from_datetime
from botmeter.domain.period import day_from_text

if TYPE_CHECKING:
    from botmeter.people.audit import Action
    from botmeter.people.models import ApiKey

_COLUMNS = ("key", "name", "scopes", "state", "created_at", "expires_at", "last_used_at")
# Columns that fit on a screen.
_TABLE_COLUMNS = ("key", "name", "scopes", "state", "expires_at")

KeyAccount = Annotated[
    str | None,
    Option(
        "--account",
        "-a",
        metavar="NAME",
        help="Account. Without one: keys of the server, for its metrics.",
        autocompletion=accounts_starting,
    ),
]
KeyName = Annotated[str, Argument(metavar="KEY", help="Name of the key, its first characters, or the whole key.")]

commands = command_group("key", "API keys: create, list, rotate, revoke.")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter key create --account acme --scope events:write"),
        (
            "For exports, with an expiry date:",
            "botmeter key create -a acme --scope exports:read --expires 2199-12-31",
        ),
        ("For the metrics of the server:", "botmeter key create --scope metrics:read --name prometheus"),
    ),
)
def create(
    scope: Annotated[
        list[str],
        Option(
            "--scope",
            metavar="SCOPE",
            help="events:write, reports:read, exports:read, or admin (all of them); repeatable. Without an account: "
            "metrics:read.",
        ),
    ],
    account: KeyAccount = None,
    name: Annotated[str, Option("--name", metavar="NAME", help="Name of the key.")] = "command line",
    expires: Annotated[
        str | None,
        Option("--expires", metavar="DATE", help="Last UTC day on which it works. Default: never expires."),
    ] = None,
    data: options.Data = None,
) -> None:
    """Create an API key and print it.

    The key is printed alone on stdout, only this once: Botmeter keeps a digest. Programs send it as
    `Authorization: Bearer KEY`.
    """
    owner = open_people(data, account)
    from botmeter.people.audit import Action
    from botmeter.people.keys import KeyDraft, end_of_day, new_key, scopes_from_texts

    ends_at = None if expires is None else end_of_day(day_from_text(expires))
    created = new_key(owner, KeyDraft(name=name, scopes=scopes_from_texts(scope), expires_at=ends_at), created_by=None)
    _record(Action.KEY_CREATED, created.key, scopes=created.key.scopes)
    show(f"{created.secret}\n")
    whose = f"account {owner}" if owner else "the server"
    say(f"key {created.key.start}… of {whose} has {', '.join(created.key.scopes)}; it is not shown again")


@commands.command("list", runs_here=True, epilog=examples(("", "botmeter key list --account acme")))
def list_keys(account: KeyAccount = None, data: options.Data = None, form: options.Form = "table") -> None:
    """List the API keys of an account, or of the server, newest first."""
    owner = open_people(data, account)
    from botmeter.people.models import ApiKey

    keys = ApiKey.objects.filter(account=owner).order_by("-created_at", "-pk")
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, [_row(key) for key in keys], form=form)


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter key rotate nightly --account acme"),
        ("Stop the old key at once:", "botmeter key rotate nightly --account acme --lives-on 0"),
    ),
)
def rotate(
    key: KeyName,
    account: KeyAccount = None,
    lives_on: Annotated[
        str, Option("--lives-on", metavar="TIME", help="Time until the old key expires, such as 90m, 24h, 7d, or 0.")
    ] = "24h",
    data: options.Data = None,
) -> None:
    """Replace an API key and print the new one.

    The new key has the same name and scopes. The old one keeps working for a while, so that programs can be
    changed one by one.
    """
    owner = open_people(data, account)
    from botmeter.people.audit import Action
    from botmeter.people.keys import key_of, lives_on_from_text, rotate_key

    overlap, old = lives_on_from_text(lives_on), key_of(owner, key)
    created = rotate_key(old, lives_on=overlap, created_by=None)
    replaced = {"instead_of": old.start, "old_lives_on": lives_on}
    _record(Action.KEY_CREATED, created.key, scopes=created.key.scopes, **replaced)
    show(f"{created.secret}\n")
    old.refresh_from_db()
    say(f"key {created.key.start}… replaces {old.start}…, which expires {_row(old)['expires_at']}")


@commands.command(runs_here=True, epilog=examples(("", "botmeter key revoke nightly --account acme")))
def revoke(key: KeyName, account: KeyAccount = None, data: options.Data = None) -> None:
    """Revoke an API key. It stops working at once."""
    owner = open_people(data, account)
    from botmeter.people.audit import Action
    from botmeter.people.keys import key_of, revoke_key

    api_key = key_of(owner, key)
    if revoke_key(api_key):
        _record(Action.KEY_REVOKED, api_key)
    say(f"revoked key {api_key.start}… ({printable(api_key.name)})")


def _record(action: "Action", key: "ApiKey", **detail: Any) -> None:
    from botmeter.people.audit import record

    record(action, account=key.account, name=key.name, key=f"{key.start}…", **detail)


def _row(key: "ApiKey") -> dict[str, object]:
    from botmeter.people.access_state import state_of

    instants = {
        name: None if at is None else text_to_the_second(us_from_datetime(at))
        for name, at in (
            ("created_at", key.created_at),
            ("expires_at", key.expires_at),
            ("last_used_at", key.last_used_at),
        )
    }
    return {
        "key": f"{key.start}…",
        "name": key.name,
        "scopes": " ".join(key.scopes),
        "state": state_of(key).value,
        **instants,
    }
