"""Messages between a command and the owner of its data folder."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botmeter.server import owner_socket


class _WithQuickPeer(socket.socket):
    """Socket whose peer answers a message and closes before `sendmsg` returns."""

    peer: socket.socket

    def sendmsg(self, *arguments: Any) -> int:
        sent = super().sendmsg(*arguments)
        _, descriptors = owner_socket.received(self.peer, descriptor_count=1)
        os.close(descriptors[0])
        owner_socket.send(self.peer, {"exit_code": 2})
        self.peer.close()
        return sent


@contextmanager
def _quickly_answered() -> Iterator[_WithQuickPeer]:
    ours, peer = socket.socketpair()
    with _WithQuickPeer(fileno=ours.detach()) as connection:
        connection.peer = peer
        yield connection


def test_a_command_refused_before_its_sender_goes_on_is_answered() -> None:
    with _quickly_answered() as connection, Path(os.devnull).open("rb") as descriptor:
        owner_socket.send(connection, ["meter"], descriptors=(descriptor.fileno(),))
        assert owner_socket.received(connection) == ({"exit_code": 2}, [])


class _WithSmallSends(socket.socket):
    """Socket that takes a part of a message with the descriptors."""

    def sendmsg(self, buffers: Any, ancillary: Any = (), *_: Any) -> int:
        return super().sendmsg([bytes(buffers[0])[:3]], ancillary)


def test_a_message_taken_in_parts_arrives_whole() -> None:
    ours, peer = socket.socketpair()
    with _WithSmallSends(fileno=ours.detach()) as connection, peer, Path(os.devnull).open("rb") as descriptor:
        owner_socket.send(connection, ["meter"], descriptors=(descriptor.fileno(),))
        message, descriptors = owner_socket.received(peer, descriptor_count=1)
        os.close(descriptors[0])
    assert message == ["meter"]


def test_messages_that_arrive_together_are_received_one_by_one() -> None:
    ours, peer = socket.socketpair()
    with ours, peer:
        owner_socket.send(ours, {"botmeter": "1"})
        owner_socket.send(ours, {"is_refused": True})
        assert owner_socket.received(peer) == ({"botmeter": "1"}, [])
        assert owner_socket.received(peer) == ({"is_refused": True}, [])
