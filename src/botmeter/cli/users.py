"""`user create | list | link | role`: people who sign in to the pages; for whoever runs the server.

They need no password: who may read the data folder could read everything in it anyway. What they do
stands in the audit log as done on the command line.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.data_dir import data_folder, known_account
from botmeter.cli.output import say, show, show_rows
from botmeter.cli.server_address import Url, server_address
from botmeter.domain.errors import Missing

if TYPE_CHECKING:
    from botmeter.people.models import User

Email = Annotated[str, Argument(metavar="EMAIL", help="The address with which they sign in.", show_default=False)]
RoleName = Literal["owner", "billing_admin", "analyst", "viewer"]
Account = Annotated[str | None, Option("--account", "-a", metavar="NAME", help="The account.", show_default=False)]
Export = Annotated[
    bool | None,
    Option("--export/--no-export", help="Whether they may export. Default: as the role has it.", show_default=False),
]

_COLUMNS = ("user", "name", "account", "role", "export", "second_step", "password", "last_sign_in")
# What fits on a screen.
_SHOWN = ("user", "account", "role", "export", "password")

commands = command_group("user", "People who sign in: create, list, link, role.")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter user create ada@example.org --account acme --role owner"),
        ("In no account yet:", "botmeter user create bob@example.org --name Bob"),
    ),
)
def create(
    email: Email,
    name: Annotated[str, Option("--name", metavar="NAME", help="What they are called.")] = "",
    account: Account = None,
    role: Annotated[RoleName, Option("--role", help="What they are in the account.")] = "viewer",
    export: Export = None,
    url: Url = None,
    data: options.Data = None,
) -> None:
    """Create a user, and print the link on which they choose a password.

    The link stands alone on stdout. It works once, for a day; `botmeter user link --password` makes another.
    """
    server, folder = server_address(url), _people(data)
    owner = None if account is None else known_account(folder, account)
    from botmeter.people.admin import link_for, new_user, set_role

    user = new_user(email, name=name)
    if owner is not None:
        set_role(user, owner, role=role, may_export=export)
    show(f"{server}{link_for(user, to_password=True)}\n")
    say(f"{user.email} is a user{f' and {role} of {owner}' if owner else ''}; the link works once, for a day")


@commands.command("list", runs_here=True, epilog=examples(("", "botmeter user list")))
def list_users(account: Account = None, data: options.Data = None, form: options.Form = "table") -> None:
    """List the users, one line for each account of theirs."""
    folder = _people(data)
    wanted = None if account is None else known_account(folder, account)
    from botmeter.people.models import User
    from botmeter.people.second_factor import with_second_factor

    found = User.objects.prefetch_related("memberships").order_by("email")
    careful = with_second_factor(found)
    rows = [row for user in found for row in _rows(user, has_second_step=user.pk in careful)]
    rows = [row for row in rows if wanted is None or row["account"] == wanted]
    show_rows(_SHOWN if form == "table" else _COLUMNS, rows, form=form)


@commands.command(
    runs_here=True,
    epilog=examples(
        ("To sign in, once:", "botmeter user link ada@example.org"),
        (
            "To a new password, the phone being lost too:",
            "botmeter user link ada@example.org --password --drop-second-step",
        ),
    ),
)
def link(
    email: Email,
    password: Annotated[bool, Option("--password", help="To choose a new password instead.")] = False,
    drop_second_step: Annotated[
        bool, Option("--drop-second-step", help="Take away the second step of signing in, for whoever lost it.")
    ] = False,
    url: Url = None,
    data: options.Data = None,
) -> None:
    """Print a link by which a user signs in, without a password.

    It stands alone on stdout and works once, for a day.
    """
    server, _ = server_address(url), _people(data)
    from botmeter.people.admin import drop_second_factor, link_for, user_of

    user = user_of(email)
    if drop_second_step and drop_second_factor(user):
        say(f"{user.email} signs in without a second step from now on")
    show(f"{server}{link_for(user, to_password=password)}\n")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter user role ada@example.org owner --account acme"),
        ("Out of the account:", "botmeter user role ada@example.org none --account acme"),
    ),
)
def role(
    email: Email,
    role: Annotated[
        Literal["owner", "billing_admin", "analyst", "viewer", "none"],
        Argument(
            metavar="ROLE", help="owner, billing_admin, analyst, viewer; none takes them out.", show_default=False
        ),
    ],
    account: options.AccountName,
    export: Export = None,
    data: options.Data = None,
) -> None:
    """Give a user a role in an account, or take them out of it.

    The last owner of an account stays its owner.
    """
    owner = known_account(_people(data), account)
    from botmeter.people.admin import set_role, take_out, user_of

    user = user_of(email)
    if role == "none":
        take_out(user, owner)
        say(f"{user.email} belongs to {owner} no more")
        return
    standing = set_role(user, owner, role=role, may_export=export)
    say(f"{user.email} in {owner}: {standing}")


def _people(asked: Path | None) -> Path:
    """The data folder, whose people can be asked for from then on."""
    from botmeter.people.database import open_people

    folder = data_folder(asked)
    if not folder.is_dir():
        raise Missing(
            "folder_unknown",
            f"There is no data folder {folder}; `botmeter account create NAME` or `botmeter demo` makes it.",
        )
    open_people(folder)
    return folder


def _rows(user: "User", *, has_second_step: bool) -> list[dict[str, object]]:
    from botmeter.domain.instant import text_to_the_second, us_from_datetime

    at = user.last_login
    about = {
        "user": user.email,
        "name": user.name,
        "second_step": has_second_step,
        "password": user.has_usable_password(),
        "last_sign_in": None if at is None else text_to_the_second(us_from_datetime(at)),
    }
    lines = [
        {"account": each.account, "role": each.role, "export": each.may_export}
        for each in sorted(user.memberships.all(), key=lambda each: each.account)
    ]
    return [{**about, **line} for line in lines or [{"account": None, "role": None, "export": None}]]
