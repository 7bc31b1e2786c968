"""Commands of `user`.

They need no password: read access to the data folder is access to everything in it.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.data_dir import open_people
from botmeter.cli.output import say, show, show_rows
from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_to_the_second, us_from_datetime
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.people.models import User

Email = Annotated[str, Argument(metavar="EMAIL", help="E-mail address for signing in.")]
RoleName = Literal["owner", "billing_admin", "analyst", "viewer"]
Account = Annotated[str | None, Option("--account", "-a", metavar="NAME", help="The account.")]
Export = Annotated[
    bool | None, Option("--export/--no-export", help="Allow or forbid exports. Default: depends on the role.")
]

_COLUMNS = ("user", "name", "account", "role", "export", "second_step", "password", "last_sign_in")
# Columns that fit on a screen.
_TABLE_COLUMNS = ("user", "account", "role", "export", "password")

commands = command_group("user", "Users: create, list, link, role, sign-out.")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter user create ada@example.org --account acme --role owner"),
        ("Without an account:", "botmeter user create bob@example.org --name Bob"),
    ),
)
def create(
    email: Email,
    name: Annotated[str, Option("--name", metavar="NAME", help="Full name.")] = "",
    account: Account = None,
    role: Annotated[RoleName, Option("--role", help="Role in the account.")] = "viewer",
    export: Export = None,
    url: options.Url = None,
    data: options.Data = None,
) -> None:
    """Create a user and print a link for choosing a password.

    The link is printed alone on stdout. It works once, within a day; `botmeter user link --password` makes another.
    """
    server, owner = options.server_address(url, data=data), open_people(data, account)
    from botmeter.people.admin import link_for, new_user, set_role

    user = new_user(email, name=name)
    if owner:
        set_role(user, owner, role=role, may_export=export)
    show(f"{server}{link_for(user, to_password=True)}\n")
    say(f"created user {user.email}{f', {role} of {owner}' if owner else ''}; the link works once, within a day")


@commands.command("list", runs_here=True, epilog=examples(("", "botmeter user list")))
def list_users(account: Account = None, data: options.Data = None, form: options.Form = "table") -> None:
    """List the users, one line per user and account."""
    account_name = open_people(data, account)
    from botmeter.people.models import User
    from botmeter.people.second_factor import with_second_factor

    users = User.objects.prefetch_related("memberships").order_by("email")
    with_two_factor = with_second_factor(users)
    rows = [row for user in users for row in _rows(user, has_second_step=user.pk in with_two_factor)]
    rows = [row for row in rows if not account_name or row["account"] == account_name]
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, rows, form=form)


@commands.command(
    runs_here=True,
    epilog=examples(
        ("To sign in, once:", "botmeter user link ada@example.org"),
        (
            "New password, without the lost phone:",
            "botmeter user link ada@example.org --password --drop-second-step",
        ),
    ),
)
def link(
    email: Email,
    password: Annotated[bool, Option("--password", help="Make a link for choosing a new password.")] = False,
    drop_second_step: Annotated[
        bool, Option("--drop-second-step", help="Turn off two-factor authentication, for a user who lost the device.")
    ] = False,
    url: options.Url = None,
    data: options.Data = None,
) -> None:
    """Print a link that signs a user in without a password.

    It is printed alone on stdout and works once, within a day.
    """
    server = options.server_address(url, data=data)
    open_people(data)
    from botmeter.people.admin import drop_second_factor, link_for, user_of

    user = user_of(email)
    if drop_second_step and drop_second_factor(user):
        say(f"two-factor authentication of {user.email} is off")
    show(f"{server}{link_for(user, to_password=password)}\n")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter user role ada@example.org owner --account acme"),
        ("Remove from the account:", "botmeter user role ada@example.org none --account acme"),
    ),
)
def role(
    email: Email,
    role: Annotated[
        Literal["owner", "billing_admin", "analyst", "viewer", "none"],
        Argument(metavar="ROLE", help="owner, billing_admin, analyst, viewer; none removes the user."),
    ],
    account: options.AccountName,
    export: Export = None,
    data: options.Data = None,
) -> None:
    """Set the role of a user in an account, or remove the user from it.

    The last owner of an account can't be changed.
    """
    owner = open_people(data, account)
    from botmeter.people.admin import remove_member, set_role, user_of

    user = user_of(email)
    if role == "none":
        remove_member(user, owner)
        say(f"removed {user.email} from {owner}")
        return
    new_role = set_role(user, owner, role=role, may_export=export)
    say(f"{user.email} in {owner}: {new_role}")


@commands.command(
    runs_here=True,
    epilog=examples(
        ("", "botmeter user sign-out ada@example.org"),
        ("Everybody, after a leak:", "botmeter user sign-out --all"),
    ),
)
def sign_out(
    email: Annotated[str | None, Argument(metavar="EMAIL", help="E-mail address of the user.")] = None,
    everybody: Annotated[bool, Option("--all", help="Sign all users out.")] = False,
    data: options.Data = None,
) -> None:
    """End all sessions of a user, or of all users. Passwords, links and API keys keep working."""
    if (email is None) != everybody:
        raise Refused("arguments_clash", "Give a user, or --all for all users, not both.")
    open_people(data)
    from botmeter.people.admin import sign_out as end_sessions
    from botmeter.people.admin import user_of
    from botmeter.people.models import User

    count = end_sessions(User.objects.all() if email is None else [user_of(email)])
    say(f"ended the sessions of {counted(count, 'user')}")


def _rows(user: "User", *, has_second_step: bool) -> list[dict[str, object]]:
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
