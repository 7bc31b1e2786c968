"""`key create | list | rotate | revoke`: keys by which programs ask for an account."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.data_dir import data_folder, known_account
from botmeter.cli.output import say, show, show_rows
from botmeter.cli.terminal import printable

if TYPE_CHECKING:
    from botmeter.people.models import ApiKey

_COLUMNS = ("key", "name", "scopes", "state", "created_at", "expires_at", "last_used_at")
# What fits on a screen.
_SHOWN = ("key", "name", "scopes", "state", "expires_at")

KeyName = Annotated[str, Argument(metavar="KEY", help="Its name, its first letters, or all of it.", show_default=False)]

commands = command_group("key", "Keys for programs: create, list, rotate, revoke.")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter key create --account acme --scope events:write"),
        (
            "For files, until the end of a day:",
            "botmeter key create -a acme --scope exports:read --expires 2199-12-31",
        ),
    ),
)
def create(
    account: options.AccountName,
    scope: Annotated[
        list[str],
        Option(
            "--scope",
            metavar="SCOPE",
            help="events:write, reports:read, exports:read, or admin, which has them all; again for more.",
        ),
    ],
    name: Annotated[str, Option("--name", metavar="NAME", help="What it is for.")] = "command line",
    expires: Annotated[
        str | None,
        Option("--expires", metavar="DATE", help="The last UTC day on which it works. Default: it is revoked."),
    ] = None,
    data: options.Data = None,
) -> None:
    """Create a key, and print it.

    It stands alone on stdout, this one time: only its digest is kept. Programs send it as
    `Authorization: Bearer KEY`.
    """
    from botmeter.domain.period import day_from_text

    owner = _account_with_people(data, account)
    from botmeter.people.audit import Action, record
    from botmeter.people.keys import KeyDraft, end_of_day, new_key, scopes_from_texts

    ends_at = None if expires is None else end_of_day(day_from_text(expires))
    made = new_key(owner, KeyDraft(name=name, scopes=scopes_from_texts(scope), expires_at=ends_at), created_by=None)
    told = {"name": made.key.name, "key": f"{made.key.start}…", "scopes": made.key.scopes}
    record(Action.KEY_CREATED, request=None, user=None, account=owner, **told)
    show(f"{made.secret}\n")
    say(f"key {made.key.start}… of account {owner} has {', '.join(made.key.scopes)}; it is not shown again")


@commands.command("list", runs_here=True, epilog=examples(("", "botmeter key list --account acme")))
def list_keys(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List an account's keys, the newest first."""
    owner = _account_with_people(data, account)
    from botmeter.people.models import ApiKey

    keys = ApiKey.objects.filter(account=owner).order_by("-created_at", "-pk")
    show_rows(_SHOWN if form == "table" else _COLUMNS, [_row(key) for key in keys], form=form)


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter key rotate nightly --account acme"),
        ("The old one stops at once:", "botmeter key rotate nightly --account acme --lives-on 0"),
    ),
)
def rotate(
    key: KeyName,
    account: options.AccountName,
    lives_on: Annotated[
        str, Option("--lives-on", metavar="TIME", help="How long the old key works on: 90m, 24h, 7d, or 0.")
    ] = "24h",
    data: options.Data = None,
) -> None:
    """Put a new key in the place of one, and print it.

    It has the same name and scopes. The old key works on for a while, so that programs can be changed one
    after the other.
    """
    owner = _account_with_people(data, account)
    from botmeter.people.audit import Action, record
    from botmeter.people.keys import key_of, lives_on_from_text, rotate_key

    lasting, old = lives_on_from_text(lives_on), key_of(owner, key)
    made = rotate_key(old, lives_on=lasting, created_by=None)
    told = {"name": made.key.name, "key": f"{made.key.start}…", "scopes": made.key.scopes}
    replaced = {"instead_of": old.start, "old_lives_on": lives_on}
    record(Action.KEY_CREATED, request=None, user=None, account=owner, **told, **replaced)
    show(f"{made.secret}\n")
    old.refresh_from_db()
    say(f"key {made.key.start}… takes the place of {old.start}…, which ends {_row(old)['expires_at']}")


@commands.command(runs_here=True, epilog=examples(("", "botmeter key revoke nightly --account acme")))
def revoke(
    key: KeyName,
    account: options.AccountName,
    data: options.Data = None,
) -> None:
    """Revoke a key: it works no more, from now on."""
    owner = _account_with_people(data, account)
    from botmeter.people.audit import Action, record
    from botmeter.people.keys import key_of, revoke_key

    found = key_of(owner, key)
    if revoke_key(found):
        record(Action.KEY_REVOKED, request=None, user=None, account=owner, name=found.name, key=f"{found.start}…")
    say(f"key {found.start}… ({printable(found.name)}) is revoked")


def _account_with_people(asked: Path | None, account: str) -> str:
    """The account's name, where the data folder has it; from then on its people can be asked for."""
    from botmeter.people.database import open_people

    folder = data_folder(asked)
    name = known_account(folder, account)
    open_people(folder)
    return name


def _row(key: "ApiKey") -> dict[str, object]:
    from botmeter.domain.instant import text_to_the_second, us_from_datetime
    from botmeter.people.keys import state_of

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
