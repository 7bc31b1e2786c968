"""(f) Pages on a large ledger: a real server, four people loading the report at once.

Each reader goes through different views (periods, filters, splits, zones) over a kept connection and requests the
compressed document. Answers are cached; the times include first and repeated views.
"""

import gzip
import http.client
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.figure import Figure, quantile
from bench.fresh import Run, fresh
from bench.importing import ACCOUNT, ledger_file
from bench.ledgers import filled
from bench.reporting import LEDGER_EVENTS
from bench.serving import Served, filtered_views, first_loads_ms, loaded, served, views
from bench.starting import DEMO_EVENTS, demo_folder
from bench.traffic import brief, warmed
from botmeter.demo import DEMO_ACCOUNT
from botmeter.domain.period import day_of_us
from botmeter.ledger.folder import Folder

READERS = 4
LOADS = 1_200
ROW_PAGES = 30
PAGE_LINES = 50
EXPORT_ROWS = 1_000_000


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    folder = filled(brief(round(LEDGER_EVENTS * scale)))
    warmed(ledger_file(folder))
    data = fresh(answered, folder=str(folder))
    yield Figure(
        subject="(f) the report page's data part, p95",
        value=quantile(data.answer["overview_ms"], 0.95),
        unit="ms",
        promise=50,
        detail=f"{data.answer['session_count']:,} sessions; with the period before; median "
        f"{quantile(data.answer['overview_ms'], 0.5):.1f} ms; load {data.load:.1f}",
    )
    yield from _row_figures(data)
    yield from _export_figures(fresh(exported, folder=str(folder), row_count=round(EXPORT_ROWS * scale)))
    with served(folder) as server:
        yield from _load_figures(server)
    with served(demo_folder(round(DEMO_EVENTS * scale)), account=DEMO_ACCOUNT) as server:
        yield _first_view_figure(server)


def _row_figures(data: Run) -> Iterator[Figure]:
    first_ms, far_ms = data.answer["first_rows_ms"], data.answer["far_rows_ms"]
    yield Figure(
        subject="(f) first page of underlying data, p95",
        value=quantile(first_ms, 0.95),
        unit="ms",
        promise=100,
        detail=f"{PAGE_LINES} of {data.answer['row_count']:,} rows, counts included; "
        f"median {quantile(first_ms, 0.5):.1f} ms",
    )
    yield Figure(
        subject=f"(f) the page after row {data.answer['far_row']:,} ÷ the first page",
        value=quantile(far_ms, 0.5) / quantile(first_ms, 0.5),
        unit="×",
        promise=1.1,
        detail=f"{quantile(far_ms, 0.5):.1f} ms to {quantile(first_ms, 0.5):.1f} ms, medians, by cursor",
    )


def _export_figures(data: Run) -> Iterator[Figure]:
    yield Figure(
        subject=f"(f) export of {data.answer['rows']:,} rows to CSV",
        value=data.answer["rows"] / data.answer["seconds"],
        unit="rows/s",
        promise=200_000,
        is_least=True,
        detail=f"{data.answer['size_bytes'] / 1e6:.0f} MB in {data.answer['seconds']:.1f} s; load {data.load:.1f}",
    )
    yield Figure(
        subject="(f) memory that three times as many rows add to an export",
        value=data.answer["grown_mb"],
        unit="MB",
        promise=100,
        detail=f"peak of the process: {data.answer['peak_mb']:.0f} MB with the first",
    )


def _first_view_figure(server: Served) -> Figure:
    first_ms = first_loads_ms(server, views(server.last_on))
    return Figure(
        subject="(f) the demo's report page with new filters, one reader, median",
        value=quantile(first_ms, 0.5),
        unit="ms",
        promise=100,
        detail=f"{len(first_ms)} views, slowest {max(first_ms):.0f} ms; nothing of them cached",
    )


def _new_filters_figure(server: Served) -> Figure:
    queries = filtered_views(server.last_on)
    times_ms = first_loads_ms(server, queries)
    slowest = max(range(len(queries)), key=times_ms.__getitem__)
    return Figure(
        subject="(f) the report page with new filters, one reader, p95",
        value=quantile(times_ms, 0.95),
        unit="ms",
        promise=250,
        detail=f"{len(queries)} views, median {quantile(times_ms, 0.5):.0f} ms, slowest {times_ms[slowest]:.0f} ms: "
        f"{queries[slowest]}",
    )


def _load_figures(server: Served) -> Iterator[Figure]:
    first_ms = first_loads_ms(server, views(server.last_on))
    yield Figure(
        subject="(f) the first view of a page: requested, rendered, sent; slowest",
        value=max(first_ms),
        unit="ms",
        detail=f"{len(first_ms)} views, median {quantile(first_ms, 0.5):.0f} ms; the answer is cached after that",
    )
    yield _new_filters_figure(server)
    crowd = _Crowd(server)
    crowd.run()
    yield Figure(
        subject=f"(f) the report page with {READERS} people loading it at once, p95",
        value=quantile(crowd.times_ms, 0.95),
        unit="ms",
        promise=150,
        detail=f"{len(crowd.times_ms)} loads of {len(views(server.last_on))} views; "
        f"median {quantile(crowd.times_ms, 0.5):.0f} ms, slowest {max(crowd.times_ms):.0f} ms",
    )
    yield Figure(
        subject="(f) the report page and all that it loads, compressed",
        value=_weight_bytes(server) / 1024,
        unit="KiB",
        promise=200,
    )


@dataclass
class _Crowd:
    """People loading the report at once, each all views in another order."""

    server: Served
    times_ms: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        readers = [threading.Thread(target=self._read, args=(number,)) for number in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    def _read(self, number: int) -> None:
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        queries = views(self.server.last_on)
        for turn in range(LOADS // READERS):
            view = queries[(turn + number * 2) % len(queries)]
            start = time.perf_counter()
            loaded(connection, self.server, query=view)
            took_ms = (time.perf_counter() - start) * 1000
            with self._lock:
                self.times_ms.append(took_ms)
        connection.close()


def _weight_bytes(server: Served) -> int:
    """Transfer size of the page with styles, scripts and icons."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    page = loaded(connection, server, query=views(server.last_on)[0])
    text = gzip.decompress(page).decode()
    weight = len(page)
    for path in sorted(set(re.findall(r'(?:href|src)="(/static/[^"#]+)', text))):
        connection.request("GET", urlsplit(path).path, headers={"Accept-Encoding": "gzip"})
        weight += len(connection.getresponse().read())
    connection.close()
    return weight


def answered(folder: str) -> dict[str, Any]:
    """Time in ms of each ledger query of a page."""
    from botmeter.reports.compared_period import Compare, Comparison, compared_query
    from botmeter.reports.overview import overview
    from botmeter.reports.query import RequestedDays, usage_query
    from botmeter.reports.row_options import RowOptions
    from botmeter.reports.row_pages import row_page

    with Folder.owned(Path(folder), purpose="bench") as owned, owned.reading(ACCOUNT) as ledger:
        count, last_us = ledger.connection.execute("SELECT count(*), max(started_at) FROM session").fetchone() or (0, 0)
        query = usage_query(ledger.account, now_us=last_us)
        compared = compared_query(
            query, account=ledger.account, comparison=Comparison(choice=Compare.PREVIOUS), now_us=last_us
        )
        options = RowOptions(limit=PAGE_LINES)
        whole = usage_query(ledger.account, now_us=last_us, days=RequestedDays(first_on=ledger.account.available_from))
        first = row_page(ledger, whole, options=options)
        far_row, cursor = _far_cursor(ledger)
        return {
            "session_count": count,
            "row_count": first.row_count,
            "far_row": far_row,
            "overview_ms": _times_ms(lambda: overview(ledger, query, compared=compared)),
            "first_rows_ms": _times_ms(lambda: row_page(ledger, whole, options=options)),
            "far_rows_ms": _times_ms(lambda: row_page(ledger, whole, options=options, cursor=cursor)),
        }


def _times_ms(call: Any) -> list[float]:
    for _ in range(3):
        call()
    times = []
    for _ in range(ROW_PAGES):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _far_cursor(ledger: Any) -> tuple[int, str]:
    """Cursor of the millionth row, or the middle one of fewer."""
    from botmeter.reports.row_cursor import Cursor, text_of_cursor
    from botmeter.reports.row_options import RowOptions

    count = ledger.connection.execute("SELECT count(*) FROM session").fetchone()[0]
    far = min(1_000_000, count // 2)
    session_id, started_us = ledger.connection.execute(
        "SELECT session_id::VARCHAR, started_at FROM session"
        " ORDER BY started_at DESC, session_id DESC LIMIT 1 OFFSET ?",
        [far],
    ).fetchone()
    cursor = Cursor(key=started_us, line_id=session_id, row=None, is_backward=False)
    return far, text_of_cursor(cursor, account=ACCOUNT, options=RowOptions(limit=PAGE_LINES))


def exported(folder: str, row_count: int) -> dict[str, Any]:
    """Export to nowhere, as CSV, the latest days with `row_count` rows; then three times as many."""
    from botmeter.reports.export import Export, export_stream
    from botmeter.reports.query import RequestedDays, usage_query

    with Folder.owned(Path(folder), purpose="bench") as owned, owned.reading(ACCOUNT) as ledger:
        ends = """SELECT min(started_at), max(started_at)
            FROM (SELECT started_at FROM participation ORDER BY 1 DESC LIMIT ?)"""

        def written(rows: int) -> tuple[int, int]:
            first_us, last_us = ledger.connection.execute(ends, [rows]).fetchone() or (0, 0)
            days = RequestedDays(first_on=day_of_us(first_us), last_on=day_of_us(last_us))
            query = usage_query(ledger.account, now_us=last_us, days=days)
            lines = size = 0
            for chunk in export_stream(ledger, query, export=Export(format="csv")):
                lines += chunk.count(b"\n")
                size += len(chunk)
            return lines - 1, size

        written(row_count // 10)
        start = time.perf_counter()
        rows, size_bytes = written(row_count)
        seconds = time.perf_counter() - start
        before_mb = _peak_mb()
        written(3 * row_count)
        grown_mb = _peak_mb() - before_mb
        return {
            "rows": rows,
            "seconds": seconds,
            "size_bytes": size_bytes,
            "peak_mb": before_mb,
            "grown_mb": grown_mb,
        }


def _peak_mb() -> float:
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
