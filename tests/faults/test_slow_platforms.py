"""A platform that never answers delays the pulls of its own account alone."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.live_server import READY_SECONDS, serving
from support.stand_in_api import Answer, ApiRequest, StandInApi

pytestmark = pytest.mark.faults
SLOW_SOURCES = 6
# Account, number of sources, and address of their platform.
SET_UP = """
import json, sys
from pathlib import Path
from botmeter.domain.account import Account
from botmeter.domain.source import Source
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.database import open_people
folder = Path(sys.argv[1])
with Folder.owned(folder, purpose="a test") as owned:
    open_people(folder, django_settings="botmeter.web.settings")
    from botmeter.people.source_actions import Author, create_source
    from botmeter.people.source_pulls import PullSettings, set_pull
    for account, source_count, url in json.loads(sys.argv[2]):
        owned.create(Account(name=account), policy=FRESHCHAT, now_us=0)
        for number in range(source_count):
            name = f"desk-{number}"
            with owned.ledger(account) as ledger:
                create_source(ledger, Source(name=name, platform="chatwoot", bot_id="orders"), author=Author())
            set_pull(PullSettings(account=account, source=name, platform="chatwoot", url=url, own_account="2",
                                  token="t", every_minutes=5))
"""


def test_sources_that_wait_for_their_platform_do_not_delay_other_accounts(tmp_path: Path) -> None:
    is_slow_called, is_released, is_other_called = threading.Event(), threading.Event(), threading.Event()

    def answer_late(path: str, request: ApiRequest) -> Answer:
        is_slow_called.set()
        is_released.wait(READY_SECONDS)
        return 404, {}

    def answer(path: str, request: ApiRequest) -> Answer:
        is_other_called.set()
        return 404, {}

    folder = tmp_path / "data"
    with StandInApi(answer=answer_late).serving() as slow, StandInApi(answer=answer).serving() as other:
        accounts = [("acme", SLOW_SOURCES, slow.url), ("beta", 1, other.url)]
        subprocess.run([sys.executable, "-c", SET_UP, str(folder), json.dumps(accounts)], check=True)
        with serving(folder) as server:
            assert is_slow_called.wait(READY_SECONDS), server.log
            assert is_other_called.wait(READY_SECONDS / 2), server.log
            assert len(slow.requests) == 1
            # A server that stops does not wait for platforms.
            assert server.end() == 0
        is_released.set()
