"""Two senders on one PostgreSQL."""

from contextlib import closing
from pathlib import Path

from support.postgres import PostgresServer
from support.senders import NOTIFICATIONS, Senders
from support.smtp_server import smtp_server


def test_two_senders_never_send_a_notification_twice(postgres: PostgresServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with smtp_server() as server, closing(Senders(tmp_path / "data", server, postgres.url)) as senders:
        senders.run("put", str(NOTIFICATIONS))
        senders.race(2)
        assert sorted(senders.ids().values()) == [1] * NOTIFICATIONS


def test_data_folders_that_share_a_database_send_their_own_notifications(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with smtp_server() as server:
        both = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            both.append(Senders(tmp_path / name, server, postgres.url))
        one, two = both
        with closing(one), closing(two):
            one.run("put", "2")
            two.run("put", "2")
            one.run("send", "0")
            assert len(server.mails) == 2
            two.run("send", "0")
            one.run("send", "0")
            assert sorted(one.ids().values()) == [1] * 4
