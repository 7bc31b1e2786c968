"""Print documents as PDF/UA-1 and PDF/A-2a, for people to read and to archive.

Needs the extra `pdf`. A character that no font has is an error in both standards, so names with one are replaced.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botmeter.domain.errors import Refused
from botmeter.domain.instant import MICROSECONDS_PER_SECOND
from botmeter.pdf.document import Named, PdfDocument

if TYPE_CHECKING:
    import typst

PDF_NOT_INSTALLED: Final = (
    'Files as PDF need the extra "pdf": run `python -m pip install "botmeter[pdf]"`, and start the server again if '
    "there is one."
)
STANDARDS: Final = ("ua-1", "a-2a")
# A word as long as this may be broken; a hash of 64 digits, and a label, fit on a line.
_UNBROKEN: Final = re.compile(r"\S{32}(?=\S)")
_MAY_BREAK: Final = "\u200b"
_PROBE: Final = b"""#set text(font: "Libertinus Serif", lang: "en")
#set document(title: "Probe")
#for name in json(bytes(sys.inputs.at("names"))) { par(name) }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FontSource:
    """Fonts beside those of the PDF library: a folder's, and the system's."""

    folder: Path | None = None
    has_system_fonts: bool = True


def printed(view: PdfDocument, *, fonts: FontSource) -> bytes:
    """Print a document; the same bytes with the same fonts and version of the library.

    Raises:
        Refused: `pdf_not_installed`, `fonts_missing`.
    """
    known = _fonts(fonts)
    missing = frozenset(_unprintable([text for text in _texts(view) if not _is_plain(text)], known))
    texts = _placed(view, missing)
    return _compiled(_template(), {"view": json.dumps(texts)}, fonts=known, at_us=view.at_us)


def can_print() -> bool:
    """Test for the extra `pdf`."""
    return find_spec("typst") is not None


def _template() -> bytes:
    return files("botmeter.pdf").joinpath("document.typ").read_bytes()


def _library() -> Any:
    try:
        import typst
    except ImportError:
        raise Refused("pdf_not_installed", PDF_NOT_INSTALLED) from None
    return typst


@lru_cache(maxsize=4)
def _fonts(source: FontSource) -> "typst.Fonts":
    """Index the fonts once: a system's hundreds take a while to read."""
    library, folder = _library(), source.folder
    if folder is not None and not folder.is_dir():
        raise Refused("fonts_missing", f"BOTMETER_FONTS names {folder}, which is not a folder.")
    return library.Fonts(
        include_system_fonts=source.has_system_fonts, font_paths=[] if folder is None else [str(folder)]
    )


def _compiled(template: bytes, inputs: dict[str, str], *, fonts: "typst.Fonts", at_us: int) -> bytes:
    compiler = _library().Compiler(template, font_paths=fonts, sys_inputs=inputs)
    # Beside the result are warnings, which `compile` would raise as Python's.
    pdf, _ = compiler.compile_with_warnings(
        format="pdf", pdf_standards=list(STANDARDS), timestamp=at_us // MICROSECONDS_PER_SECOND
    )
    return pdf


def _unprintable(texts: Sequence[str], fonts: "typst.Fonts") -> Iterator[str]:
    """Texts that can't stand in the PDF: halves of those that fail are tried again, in 2 ms each."""
    if not texts:
        return
    try:
        _compiled(_PROBE, {"names": json.dumps(texts)}, fonts=fonts, at_us=0)
    except _library().TypstError:
        if len(texts) == 1:
            yield texts[0]
            return
        middle = len(texts) // 2
        yield from _unprintable(texts[:middle], fonts)
        yield from _unprintable(texts[middle:], fonts)


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, tuple):
        return {text for each in value for text in _texts(each)}
    if is_dataclass(value):
        return {text for each in fields(value) for text in _texts(getattr(value, each.name))}
    return set()


def _placed(value: object, missing: frozenset[str]) -> Any:
    if isinstance(value, Named):
        return _placed(value.id if value.name in missing else value.name, missing)
    if isinstance(value, str):
        return _breakable(_in_ascii(value) if value in missing else value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, tuple):
        return [_placed(each, missing) for each in value]
    if is_dataclass(value):
        return {each.name: _placed(getattr(value, each.name), missing) for each in fields(value)}
    return value


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _in_ascii(text: str) -> str:
    return "".join(letter if _is_plain(letter) else f"[U+{ord(letter):04X}]" for letter in text)


def _breakable(text: str) -> str:
    """Let a line break within a long id, which else would run over the next column."""
    return _UNBROKEN.sub(rf"\g<0>{_MAY_BREAK}", text)
