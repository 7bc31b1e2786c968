"""Botmeter meters chatbot sessions, explains every one of them, and reports what was consumed.

What `__all__` names is public, and loaded when it is first used.
"""

from importlib import import_module

# As in `typing`, whose import would take most of the time of this one; type checkers take it to be true.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from botmeter import client
    from botmeter.domain.errors import BotmeterError, Conflict, Missing, NotAllowed, Refused, TooMuch, Unavailable
    from botmeter.domain.receipt import Rejection
    from botmeter.metering.stateless import MeterResult
    from botmeter.python_api.data_folder import AccountReader, DataFolder, open  # noqa: A004 - as `botmeter.open`
    from botmeter.python_api.metering import meter, meter_result
    from botmeter.reports.explanation_json import Explanation
    from botmeter.reports.report_json import UsageReport

__version__ = "0.1.0"

__all__ = [
    "AccountReader",
    "BotmeterError",
    "Conflict",
    "DataFolder",
    "Explanation",
    "MeterResult",
    "Missing",
    "NotAllowed",
    "Refused",
    "Rejection",
    "TooMuch",
    "Unavailable",
    "UsageReport",
    "__version__",
    "client",
    "meter",
    "meter_result",
    "open",
]

_MODULES = {
    "botmeter.domain.errors": (
        "BotmeterError",
        "Conflict",
        "Missing",
        "NotAllowed",
        "Refused",
        "TooMuch",
        "Unavailable",
    ),
    "botmeter.domain.receipt": ("Rejection",),
    "botmeter.metering.stateless": ("MeterResult",),
    "botmeter.python_api.data_folder": ("AccountReader", "DataFolder", "open"),
    "botmeter.python_api.metering": ("meter", "meter_result"),
    "botmeter.reports.explanation_json": ("Explanation",),
    "botmeter.reports.report_json": ("UsageReport",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # Else every name would be an attribute for type checkers.

    def __getattr__(name: str) -> object:
        """Load a public name."""
        if name == "client":
            return import_module("botmeter.client")
        if name not in _MODULE_OF:
            raise AttributeError(f"module 'botmeter' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
