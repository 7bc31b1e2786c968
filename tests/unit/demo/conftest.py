"""One demo, made and metered once for all tests of this folder."""

import pytest
from tests.unit.demo.demo_account import Demo, metered_demo


@pytest.fixture(scope="session")
def demo() -> Demo:
    return metered_demo()
