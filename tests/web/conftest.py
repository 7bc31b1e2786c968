"""A data folder with the account acme, users, and their browsers."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event, made_account

from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.server_state import ServerState
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role
from support.server_state import in_use

PASSWORD = "correct horse battery"  # noqa: S105 - of people in tests

# Three sessions: c1 with two bots over midnight, c2 with a ticket, c1 again.
EVENTS = (
    event("m1", "2026-03-30T22:00", bot_name="Order bot"),
    event("m2", "2026-03-31T01:00", bot_id="b2", bot_name="Returns", channel="whatsapp", conversation_id="v2"),
    event("m3", "2026-03-31T09:00", customer_id="c2", conversation_id="v3"),
    event(
        "m4",
        "2026-03-31T09:30",
        customer_id="c2",
        conversation_id="v3",
        kind="ticket_linked",
        actor="system",
        ticket_id="t1",
        ticket_type="refund",
    ),
    event("m5", "2026-04-01T23:00", conversation_id="v4"),
)

MakePerson = Callable[..., User]
MakeBrowser = Callable[..., Client]


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose account acme has the events above; never changed."""
    path = tmp_path_factory.mktemp("filled") / "data"
    with Folder.owned(path, purpose="tests") as folder, folder.ledger(made_account(folder)) as ledger:
        append_events(ledger, *EVENTS)
    return path


class Copy:
    """An open copy of the filled folder, until a test changes it."""

    def __init__(self, filled: Path, path: Path) -> None:
        shutil.copytree(filled, path)
        self._stack = ExitStack()
        self.opened = OpenLedgers(self._stack.enter_context(Folder.owned(path, purpose="tests")))
        self._before = self.state()

    def state(self) -> dict[str, int]:
        """Versions of the ledgers, which grow with each commit."""
        versions = {}
        for name in self.opened.folder.accounts():
            with self.opened.reading(name) as ledger:
                versions[name] = ledger.version
        return versions

    @property
    def is_changed(self) -> bool:
        return self.state() != self._before

    def close(self) -> None:
        self.opened.close()
        self._stack.close()


class Copies:
    """Provides an unchanged copy; a new one only after a test has changed the last."""

    def __init__(self, filled: Path, parent: Path) -> None:
        self._filled, self._parent, self._count = filled, parent, 0
        self._last: Copy | None = None

    def current(self) -> Copy:
        if self._last is None:
            self._count += 1
            self._last = Copy(self._filled, self._parent / str(self._count))
        return self._last

    def drop(self) -> None:
        if self._last is not None:
            self._last.close()
            self._last = None


@pytest.fixture(scope="session")
def copies(filled_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Copies of the filled folder, made when they are needed."""
    copies = Copies(filled_folder, tmp_path_factory.mktemp("copies"))
    yield copies
    copies.drop()


@pytest.fixture
def state(copies: Copies) -> Iterator[ServerState]:
    """The server's state over acme, with the events above."""
    copy = copies.current()
    with in_use(copy.opened) as state:
        yield state
    if copy.is_changed:
        copies.drop()


@pytest.fixture
def ledgers(state: ServerState) -> OpenLedgers:
    """The server's open ledgers."""
    return state.ledgers


@pytest.fixture
def person(db: None) -> MakePerson:
    """`person("ada@example.org", role=Role.OWNER)`: a user with a password, a member of acme if a role is given."""

    def make(email: str, *, role: Role | None = None, account: str = "acme", may_export: bool | None = None) -> User:
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, name=email.partition("@")[0].capitalize(), password=PASSWORD
        )
        if role is not None:
            Membership.objects.create(user=user, account=account, role=role, may_export=may_export)
        return user

    return make


@pytest.fixture
def browser() -> MakeBrowser:
    """`browser(user)`: a browser of the signed-in user; `browser()`: a signed-out one."""

    def make(user: User | None = None, *, checks_csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=checks_csrf)
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def owner(person: MakePerson) -> User:
    return person("olga@example.org", role=Role.OWNER)


@pytest.fixture
def viewer(person: MakePerson) -> User:
    return person("victor@example.org", role=Role.VIEWER, may_export=False)


@pytest.fixture
def stranger(person: MakePerson) -> User:
    """An owner of another account."""
    return person("sam@example.org", role=Role.OWNER, account="other")
