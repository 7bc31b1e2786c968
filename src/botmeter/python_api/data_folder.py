"""Accounts of a data folder, read through its server where one runs."""

import io
import os
from collections.abc import Generator, Sequence
from datetime import date
from pathlib import Path
from typing import Unpack

import msgspec
import pyarrow as pa

from botmeter.domain.period import UTC_NAME, day_from_text
from botmeter.domain.settings import Settings
from botmeter.ledger.folder_files import account_names, existing_folder, known_account
from botmeter.python_api.answers import AnswerOfThisProcess, SessionReader
from botmeter.python_api.filter_arguments import FilterArguments, filters_of_arguments
from botmeter.python_api.ownership import is_owned, owned_folder
from botmeter.reports.compared_period import Compare, Comparison, comparison_named
from botmeter.reports.explanation_json import Explanation
from botmeter.reports.presets import preset_named
from botmeter.reports.query import RequestedDays
from botmeter.reports.report_json import UsageReport
from botmeter.server import owner_client
from botmeter.server.questions import ExplanationQuestion, Question, ReportQuestion, RowsQuestion, answer_chunks


class DataFolder:
    """A data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"botmeter.open({str(self.path)!r})"

    def accounts(self) -> list[str]:
        """Return the names of the accounts."""
        return account_names(self.path)

    def account(self, name: str) -> "AccountReader":
        """Return an account to read; raises Missing `account_unknown`."""
        return AccountReader(self.path, known_account(self.path, name))


class AccountReader:
    """An account's numbers, at each call those of the last commit."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder

    def __repr__(self) -> str:
        return f"botmeter.open({str(self._folder)!r}).account({self.name!r})"

    def report(
        self,
        first: date | str | None = None,
        last: date | str | None = None,
        *,
        timezone: str = UTC_NAME,
        period: str | None = None,
        compare: str | tuple[date | str, date | str] = "none",
        **filters: Unpack[FilterArguments],
    ) -> UsageReport:
        """Compute the report of `botmeter report`; filters are such as `bot=["orders"], not_channel="web"`.

        Args:
            first: Default: 29 days before the last.
            last: Included. Default: today.
            period: Named period, such as "last-month", instead of days.
            compare: A choice of `--compare`, or the first and last day to compare with.
        """
        question = ReportQuestion(
            account=self.name,
            days=_days(first, last, timezone=timezone, period=period),
            filters=filters_of_arguments(filters),
            comparison=_comparison(compare),
        )
        return msgspec.json.decode(self._read(question), type=UsageReport)

    def sessions(
        self,
        first: date | str | None = None,
        last: date | str | None = None,
        *,
        timezone: str = UTC_NAME,
        period: str | None = None,
        columns: Sequence[str] | None = None,
        **filters: Unpack[FilterArguments],
    ) -> pa.RecordBatchReader:
        """Stream the rows of `botmeter sessions`; days and filters as in `report`.

        The reader keeps the data folder until its last batch, or until it is closed.
        """
        question = RowsQuestion(
            account=self.name,
            days=_days(first, last, timezone=timezone, period=period),
            filters=filters_of_arguments(filters),
            columns=None if columns is None else tuple(columns),
        )
        return SessionReader(self._answer(question))

    def explain(self, session_id: str) -> Explanation:
        """Explain why a session was charged; raises Missing `session_unknown`."""
        question = ExplanationQuestion(account=self.name, session_id=session_id)
        return msgspec.json.decode(self._read(question), type=Explanation)

    def _read(self, question: Question) -> bytes:
        with self._answer(question) as answer:
            return answer.read()

    def _answer(self, question: Question) -> io.BufferedReader:
        wait_seconds = _settings().wait_seconds
        server = None
        if not is_owned(self._folder):
            server = owner_client.connected(self._folder, wait_seconds=wait_seconds)
        if server is None:
            return AnswerOfThisProcess.opened(self._own_chunks(question, wait_seconds=wait_seconds))
        return io.BufferedReader(owner_client.AnswerStream(server, msgspec.to_builtins(question), folder=self._folder))

    def _own_chunks(self, question: Question, *, wait_seconds: float) -> Generator[bytes, None, None]:
        with owned_folder(self._folder, wait_seconds=wait_seconds) as folder:
            yield from answer_chunks(folder, question)


def open(path: str | os.PathLike[str] | None = None) -> DataFolder:  # noqa: A001 - as `botmeter.open`
    """Open a data folder, by default that of the commands; raises Missing `folder_unknown`."""
    settings = _settings()
    named = Path(path) if path is not None else settings.data_dir or settings.default_data_dir
    return DataFolder(existing_folder(named.expanduser().absolute()))


def _settings() -> Settings:
    return Settings.from_environment(ignore_wrong=True)


def _days(first: date | str | None, last: date | str | None, *, timezone: str, period: str | None) -> RequestedDays:
    preset = None if period is None else preset_named(period)
    return RequestedDays(first_on=_day(first), last_on=_day(last), timezone=timezone, preset=preset)


def _day(day: date | str | None) -> date | None:
    # The text of a date with a time is no day, and refused as such.
    return None if day is None else day_from_text(str(day))


def _comparison(compare: str | tuple[date | str, date | str]) -> Comparison:
    if isinstance(compare, str):
        return comparison_named(compare)
    first, last = compare
    return Comparison(choice=Compare.CUSTOM, days=(day_from_text(str(first)), day_from_text(str(last))))
