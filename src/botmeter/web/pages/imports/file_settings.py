"""Settings for reading an uploaded file, kept in the address of its page."""

from dataclasses import dataclass
from typing import Final, Self

from django.http import QueryDict

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.domain.source import DEFAULT_SOURCE, Source, checked_source_name
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.sources import source_of
from botmeter.live.uploads import Upload
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.platform_files import platform_of
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.reader import SourceFile
from botmeter.sources.suggest.suggested_mapping import suggested_mapping
from botmeter.sources.suggest.suggestion import Suggestion
from botmeter.sources.table_options import TABLE_KEYS, TableOptions, table_options_from_document
from botmeter.web.address_mapping import Document, address_of, mapping_in, settings_in

# Each page and each submitted form needs it; it takes 0.3 s of a large file.
_suggestions: Final[BoundedCache[tuple[str, TableOptions], Suggestion]] = BoundedCache(8 << 20)
_platforms: Final[BoundedCache[tuple[str, TableOptions], str]] = BoundedCache(1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Source of the events, and their mapping or platform.

    Attributes:
        platform: Code; empty: the mapping counts.
        bot, channel: Defaults of the platform's events; empty: the source's.
        mapping: JSON; what it lacks is proposed.
    """

    source: str = DEFAULT_SOURCE
    platform: str = ""
    bot: str = ""
    channel: str = ""
    mapping: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Read an address; raises Refused `mapping_invalid`."""
        return settings_in(query, cls, command="import")

    @property
    def query(self) -> str:
        """Query string without defaults."""
        return address_of(self)

    @property
    def document(self) -> Document:
        """Mapping; raises Refused `mapping_invalid`."""
        return mapping_in(self.mapping, tables=FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """File, its settings, and its proposed mapping.

    Attributes:
        suggestion: None if the file can't be read as records, with the reason in `problem`.
        document: The mapping: given, or else proposed.
        platform: Code of the file's likely platform; empty: none.
    """

    upload: Upload
    settings: FileSettings
    suggestion: Suggestion | None
    problem: Refused | None
    document: Document
    platform: str

    def source_file(self) -> SourceFile:
        """File to import; raises Refused `mapping_invalid`."""
        return _source_file(self.upload, self.document, is_mapped=not self.settings.platform)


def read_file(upload: Upload, settings: FileSettings) -> ReadFile:
    """Read the start of a file, and propose its mapping."""
    given = settings.document
    suggestion, problem, platform = None, None, ""
    try:
        file = _source_file(upload, given, is_mapped=False)
        platform = _platforms.find_or_make((upload.number, file.table), lambda: platform_of(file) or "")
        suggestion = _suggestions.find_or_make((upload.number, file.table), lambda: suggested_mapping(file))
    except Refused as refused:
        problem = refused
    proposed = {} if suggestion is None or any(name in FIELDS for name in given) else suggestion.document()
    return ReadFile(
        upload=upload,
        settings=settings,
        suggestion=suggestion,
        problem=problem,
        document={**proposed, **given},
        platform=platform,
    )


def event_source(ledger: ReadableLedger, settings: FileSettings) -> Source | None:
    """Source with the file's defaults and format; raises Refused `source_invalid`."""
    known = source_of(ledger, settings.source)
    if known is not None and settings.platform in {"", known.platform}:
        return known
    name = checked_source_name(settings.source)
    if not settings.platform:
        return None
    return Source(
        name=name,
        platform=connector_of(settings.platform).platform,
        bot_id=settings.bot or None,
        channel=settings.channel or None,
    )


def _source_file(upload: Upload, document: Document, *, is_mapped: bool) -> SourceFile:
    table = table_options_from_document({key: document[key] for key in TABLE_KEYS if key in document})
    # Without a mapping, CloudEvents are read too.
    mapping = mapping_from_document(document) if is_mapped and not document.keys() <= set(TABLE_KEYS) else None
    return SourceFile(path=str(upload.path), name=upload.file_name, mapping=mapping, table=table)
