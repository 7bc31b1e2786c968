"""Commands of `source`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Exit, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.confirm import confirm
from botmeter.cli.data_dir import open_people, opened_ledger, readable_ledger
from botmeter.cli.failures import FAILED
from botmeter.cli.output import fields_of, say, show, show_json, show_rows
from botmeter.cli.source_settings import secret_in, with_settings
from botmeter.cli.terminal import printable
from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_to_the_second
from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.platforms.registry import platform_codes

if TYPE_CHECKING:
    from botmeter.ledger.deliveries import StoredDelivery
    from botmeter.people.models import EventSource


def _known_platform(platform: str) -> str:
    if platform not in platform_codes():
        raise BadParameter(f"unknown platform {platform!r}; use one of: {', '.join(platform_codes())}.")
    return platform


Platform = Annotated[
    str,
    Option(
        "--platform",
        metavar="PLATFORM",
        callback=_known_platform,
        autocompletion=platform_codes,
        help=f"Platform that sends the events: {', '.join(platform_codes())} (events of your own program).",
    ),
]
Name = Annotated[str, Argument(metavar="SOURCE", help="The source.")]
Bot = Annotated[str | None, Option("--bot", metavar="ID", help="Default bot for events that name none.")]
BotName = Annotated[str | None, Option("--bot-name", metavar="NAME", help="Name of the bot.")]
BotVersion = Annotated[str | None, Option("--bot-version", metavar="V", help="Default bot version.")]
Channel = Annotated[str | None, Option("--channel", metavar="NAME", help="Default channel.")]
PlatformOptions = Annotated[
    list[str] | None, Option("--option", metavar="NAME=VALUE", help="Option of the platform; repeat it for more.")
]
SecretFile = Annotated[
    Path | None, Option("--secret-file", metavar="FILE", help="File with the signature secret; - is stdin.")
]
Sender = Annotated[str, Argument(metavar="SENDER", help="Id or name of the sender on the platform.")]

_COLUMNS = ("source", "platform", "state", "bot_id", "channel", "identities", "signed", "last_delivery", "detail")
# Columns that fit on a screen.
_TABLE_COLUMNS = ("source", "platform", "state", "bot_id", "last_delivery")
_DEFAULTS = ("bot_id", "bot_name", "bot_version", "channel")
_IDENTITY = ("sender", "bot_id", "bot_name", "bot_version")

commands = command_group("source", "Sources: connect a platform, set it up, list it.")
identities = command_group("identity", "Bot identities: senders of a source that are bots.")


@commands.command(
    epilog=examples(
        ("", f"botmeter source create desk --account acme --platform {platform_codes()[0]}"),
        ("With a default bot:", f"botmeter source create phone -a acme --platform {platform_codes()[0]} --bot orders"),
    )
)
def create(
    name: Name,
    account: options.AccountName,
    platform: Platform,
    bot: Bot = None,
    bot_name: BotName = None,
    bot_version: BotVersion = None,
    channel: Channel = None,
    option: PlatformOptions = None,
    secret_file: SecretFile = None,
    url: options.Url = None,
    data: options.Data = None,
) -> None:
    """Create a source and print its address.

    The address is printed alone on stdout, once: only a digest of its key is stored.
    """
    server, secret = options.server_address(url, data=data), secret_in(secret_file)
    defaults = {"bot_id": bot, "bot_name": bot_name, "bot_version": bot_version, "channel": channel}
    source = with_settings(Source(name=name, platform=platform), options=option, **defaults)
    open_people(data, account)
    with opened_ledger(data, account) as ledger:
        from botmeter.people.source_actions import Author, create_source

        created = create_source(ledger, source, author=Author(), secret=secret)
    show(f"{server}{created.path}\n")
    say(f"source {name} of platform {platform} was created; its address is not shown again")
    if created.source.verify_token:
        say(f"verify token: {created.source.verify_token}")


@commands.command("list", epilog=examples(("", "botmeter source list --account acme")))
def list_sources(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List an account's sources with their last deliveries."""
    open_people(data, account)
    with readable_ledger(data, account) as ledger:
        from botmeter.ledger.deliveries import latest_delivery_by_source
        from botmeter.ledger.sources import sources_of
        from botmeter.people.models import EventSource

        sources, latest = sources_of(ledger), latest_delivery_by_source(ledger)
        addresses = {each.name: each for each in EventSource.objects.filter(account=ledger.account.name)}
    rows = [_row(each, address=addresses.get(each.name), last=latest.get(each.name)) for each in sources]
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, rows, form=form)
    if not rows:
        say(f"account {account} has no sources")


@commands.command("show", epilog=examples(("", "botmeter source show desk --account acme")))
def show_source(
    name: Name, account: options.AccountName, data: options.Data = None, form: options.Form = "table"
) -> None:
    """Show a source's settings and bot identities."""
    with readable_ledger(data, account) as ledger:
        from botmeter.ledger.sources import existing_source

        source = existing_source(ledger, name)
    settings = {"source": source.name, **fields_of(source, ("platform", *_DEFAULTS))}
    rows = [fields_of(each, _IDENTITY) for each in source.identities]
    if form == "json":
        show_json({**settings, "options": dict(source.options), "identities": rows})
        return
    settings["options"] = " ".join(f"{option}={value}" for option, value in source.options) or None
    show_rows(("what", "value"), [{"what": what, "value": value} for what, value in settings.items()], form=form)
    if form == "table":
        show_rows(_IDENTITY, rows, form=form)


@commands.command(
    "set",
    epilog=examples(
        ("", 'botmeter source set desk -a acme --bot orders --bot-name "Order bot"'),
        ("Clear a setting:", 'botmeter source set desk --account acme --bot ""'),
        ("Refuse deliveries:", "botmeter source set desk --account acme --off"),
    ),
)
def set_source(
    name: Name,
    account: options.AccountName,
    bot: Bot = None,
    bot_name: BotName = None,
    bot_version: BotVersion = None,
    channel: Channel = None,
    option: PlatformOptions = None,
    secret_file: SecretFile = None,
    on: Annotated[bool | None, Option("--on/--off", help="Accept or refuse deliveries.")] = None,
    data: options.Data = None,
) -> None:
    """Set a source's defaults, options, secret or state.

    Changes apply to later events. An empty text clears a setting.
    """
    defaults = {"bot_id": bot, "bot_name": bot_name, "bot_version": bot_version, "channel": channel}
    if not option and {*defaults.values(), secret_file, on} == {None}:
        raise Refused(
            "nothing_to_set", "No setting was given. Use --bot, --channel, --option, --secret-file, --on or --off."
        )
    secret = secret_in(secret_file)
    open_people(data, account)
    with opened_ledger(data, account) as ledger:
        from botmeter.ledger.sources import existing_source
        from botmeter.people.source_actions import Author, change_secret, change_source, turn_source

        source, author, owner = existing_source(ledger, name), Author(), ledger.account.name
        change_source(ledger, with_settings(source, options=option, **defaults), author=author)
        if secret_file is not None:
            change_secret(owner, source, secret=secret, author=author)
        if on is not None:
            turn_source(owner, name, is_on=on, author=author)
    say(f"source {name} of account {account} was changed; the change applies to later events")


@identities.command(epilog=examples(("", "botmeter source identity add desk 12 --account acme --bot orders")))
def add(
    name: Name,
    sender: Sender,
    account: options.AccountName,
    bot: Annotated[str, Option("--bot", metavar="ID", help="Bot id.")],
    bot_name: BotName = None,
    bot_version: Annotated[
        str | None,
        Option("--bot-version", metavar="V", help="Default: the source's default version."),
    ] = None,
    data: options.Data = None,
) -> None:
    """Mark a sender as a bot.

    The change applies to later events.
    """
    identity = BotIdentity(sender=sender, bot_id=bot, bot_name=bot_name, bot_version=bot_version)
    open_people(data, account)
    with opened_ledger(data, account) as ledger:
        from botmeter.people.source_actions import Author, add_identity

        add_identity(ledger, name, identity=identity, author=Author())
    say(f"sender {printable(sender)} of source {name} is now bot {printable(bot)}")


@identities.command(epilog=examples(("", "botmeter source identity remove desk 12 --account acme")))
def remove(name: Name, sender: Sender, account: options.AccountName, data: options.Data = None) -> None:
    """Remove the bot identity of a sender."""
    open_people(data, account)
    with opened_ledger(data, account) as ledger:
        from botmeter.people.source_actions import Author, remove_identity

        remove_identity(ledger, name, sender=sender, author=Author())
    say(f"sender {printable(sender)} of source {name} is no longer a bot")


commands.add_typer(identities)


@commands.command(epilog=examples(("", "botmeter source rotate desk --account acme")))
def rotate(name: Name, account: options.AccountName, url: options.Url = None, data: options.Data = None) -> None:
    """Regenerate a source's address and print it; the old one stops working."""
    server = options.server_address(url, data=data)
    open_people(data, account)
    with readable_ledger(data, account) as ledger:
        from botmeter.ledger.sources import existing_source
        from botmeter.people.source_actions import Author, rotate_address

        created = rotate_address(ledger.account.name, existing_source(ledger, name), author=Author())
    show(f"{server}{created.path}\n")
    say(f"new address of source {name}; the old one no longer works")


@commands.command(
    epilog=examples(
        ("", "botmeter source pull desk --account acme"),
        ("Events missed since a day:", "botmeter source pull desk --account acme --since 2026-11-01"),
    )
)
def pull(
    name: Name,
    account: options.AccountName,
    since: Annotated[
        str | None,
        Option("--since", metavar="DATE", help="First UTC day. Default: since the last pull."),
    ] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Pull missed events from the platform's API.

    Events that are known stay unchanged. The address and the token are set on the source's page.
    """
    from botmeter.cli.source_pull import pulled_by_command, show_pull

    open_people(data, account)
    result = pulled_by_command(data, account, source=name, since=since)
    show_pull(name, result, form=form)
    if not result.is_whole:
        raise Exit(FAILED)


@commands.command("remove", epilog=examples(("", "botmeter source remove desk --account acme --yes")))
def remove_source(
    name: Name, account: options.AccountName, yes: options.Yes = False, data: options.Data = None
) -> None:
    """Remove a source and its address. Its events stay and count."""
    confirm(f"Remove source {name} of account {account}, and its address?", yes=yes)
    open_people(data, account)
    with opened_ledger(data, account) as ledger:
        from botmeter.people.source_actions import Author, delete_source

        delete_source(ledger, name, author=Author())
    say(f"source {name} of account {account} was removed; its events stay")


def _row(source: "Source", *, address: "EventSource | None", last: "StoredDelivery | None") -> dict[str, object]:
    state = "no address" if address is None else "on" if address.is_on else "off"
    return {
        "source": source.name,
        "platform": source.platform,
        "state": state,
        "bot_id": source.bot_id,
        "channel": source.channel,
        "identities": len(source.identities),
        "signed": bool(address and address.secret),
        "last_delivery": None if last is None else text_to_the_second(last.received_at),
        "detail": None if last is None else last.detail,
    }
