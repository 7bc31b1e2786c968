"""The way of a live request from its route to the queue stays short enough to be read in one go."""

import sys
from pathlib import Path
from types import CodeType, FrameType

import botmeter
from botmeter.live.queue import DeliveryQueue
from botmeter.server.events import answer_events
from support.live import Live, counts, message

SOURCE = Path(botmeter.__file__).parent
# What checks a key or a value, and caches it, is no stage of the request.
ASIDE = ("people", "domain")
FUNCTIONS_MAX, FILES_MAX = 8, 5


class Trace:
    """The functions of Botmeter that run between the route's entry and the end of the queue's `put`."""

    def __init__(self) -> None:
        self.functions: dict[CodeType, str] = {}
        self._is_on = False
        self._is_over = False

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if code is answer_events.__code__:
            self._is_on = not self._is_over
        if event == "call" and self._is_on:
            self._note(code)
        if event == "return" and code is DeliveryQueue.put.__code__:
            self._is_on, self._is_over = False, True

    def _note(self, code: CodeType) -> None:
        path = Path(code.co_filename)
        is_stage = path.is_relative_to(SOURCE) and path.relative_to(SOURCE).parts[0] not in ASIDE
        # Comprehensions are part of their function.
        if is_stage and not code.co_name.startswith("<"):
            self.functions[code] = f"{path.relative_to(SOURCE)}: {code.co_qualname}"

    @property
    def files(self) -> set[str]:
        return {name.partition(":")[0] for name in self.functions.values()}


def test_a_request_passes_few_functions_on_its_way_to_the_queue(live: Live, key: str) -> None:
    # The first request loads modules and reads the key from the database.
    assert counts(live.send(key, [message("a")])) == (1, 0, 0, 0)
    trace = Trace()
    sys.setprofile(trace)
    try:
        response = live.send(key, [message("b"), message("c")])
    finally:
        sys.setprofile(None)
    assert counts(response) == (2, 0, 0, 0)
    assert any("DeliveryQueue.put" in name for name in trace.functions.values())
    assert len(trace.functions) <= FUNCTIONS_MAX, sorted(trace.functions.values())
    assert len(trace.files) <= FILES_MAX, sorted(trace.files)
