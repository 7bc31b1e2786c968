"""Programs' questions about an account, answered by its folder's owner."""

from collections.abc import Generator
from dataclasses import replace
from typing import BinaryIO, assert_never

import msgspec
from msgspec import Struct

from botmeter.domain.durable_files import disk_full_error
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import now_us
from botmeter.ledger.folder import Folder
from botmeter.ledger.interruption import Interruption
from botmeter.reports.compared_period import NO_COMPARISON, Comparison
from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.server.answer_errors import answer_with_bug, answer_with_error


class ReportQuestion(Struct, tag="report", frozen=True, kw_only=True):
    """Answered with `UsageReport` as JSON."""

    account: str
    days: RequestedDays = RequestedDays()
    filters: Filters = NO_FILTERS
    comparison: Comparison = NO_COMPARISON


class RowsQuestion(Struct, tag="rows", frozen=True, kw_only=True):
    """Answered with an Arrow stream."""

    account: str
    days: RequestedDays = RequestedDays()
    filters: Filters = NO_FILTERS
    columns: tuple[str, ...] | None = None


class ExplanationQuestion(Struct, tag="explanation", frozen=True, kw_only=True):
    """Answered with `Explanation` as JSON."""

    account: str
    session_id: str


Question = ReportQuestion | RowsQuestion | ExplanationQuestion


def answer_chunks(folder: Folder, question: Question) -> Generator[bytes, None, None]:
    """Yield the bytes of an answer; the ledger is open until the end or `close`."""
    with folder.reading(question.account) as ledger:
        match question:
            case ExplanationQuestion():
                from botmeter.billing.session_funding import session_charges
                from botmeter.reports.explain import explain
                from botmeter.reports.explanation_json import explanation_json

                explanation = explain(ledger, question.session_id, now_us=now_us())
                charges = session_charges(ledger, explanation, now_us=now_us())
                yield msgspec.json.encode(explanation_json(explanation, charges=charges))
            case ReportQuestion() | RowsQuestion():
                query = usage_query(ledger.account, now_us=now_us(), days=question.days, filters=question.filters)
                if isinstance(question, RowsQuestion):
                    from botmeter.reports.row_stream import row_stream

                    yield from row_stream(ledger, query, columns=question.columns)
                else:
                    from botmeter.reports.compared_report import compared_report

                    comparison = replace(question.comparison, unit_months=question.days.unit_months)
                    yield msgspec.json.encode(compared_report(ledger, query, comparison=comparison, now_us=now_us()))
            case _:
                assert_never(question)


def write_answer(question: object, *, folder: Folder, out: BinaryIO, stop: Interruption) -> dict[str, object]:
    """Write the answer to another process's question; return how it ended."""
    try:
        out.writelines(answer_chunks(folder, msgspec.convert(question, Question)))
        out.flush()
    except BrokenPipeError:
        # Nobody reads it any more.
        return {}
    except (KeyboardInterrupt, Exception) as raised:  # noqa: BLE001 - the process that asked gets it, or a sentence
        problem = stop.reason or disk_full_error(raised) or raised
        if isinstance(problem, BotmeterError):
            return answer_with_error(problem)
        return answer_with_bug(_bug_sentence(problem, folder=folder))
    return {}


def _bug_sentence(problem: BaseException, *, folder: Folder) -> str:
    from botmeter.ledger.traces import save_trace

    trace = save_trace(problem, what="a question of a program", folder=folder.path)
    where = "could not be written" if trace.file is None else f"are in {trace.file}"
    return f"Something went wrong inside Botmeter (reference {trace.reference}). The details {where}."
