"""Statements as PDF: accessible, archival, with the document's amounts, whatever names people gave."""

import os
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from botmeter.billing.statement_pdf import statement_pdf
from botmeter.domain.errors import Refused
from botmeter.pdf.printing import FontSource
from support.made_statement import document_bytes, made_document, made_sessions
from support.pdf_text import text_of

pytestmark = pytest.mark.slow

OWN_FONTS = FontSource(has_system_fonts=False)
DROID = Path("/usr/share/fonts-droid-fallback/truetype")


def printed(document: dict[str, Any], sessions: pa.Table | None = None, *, fonts: FontSource = OWN_FONTS) -> Any:
    import pikepdf

    listed = made_sessions() if sessions is None else sessions
    return pikepdf.open(BytesIO(statement_pdf(document_bytes(document), listed, fonts=fonts)))


def text_without_breaks(pdf: Any) -> str:
    return re.sub(r"\s+", " ", text_of(pdf).replace("\u200b", ""))


def test_a_statement_is_an_accessible_and_archival_pdf_with_tags_language_title_and_bookmarks() -> None:
    with printed(made_document()) as pdf:
        root = pdf.Root
        assert str(root.Lang) == "en"
        assert root.StructTreeRoot.K is not None
        assert bool(root.MarkInfo.Marked)
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        metadata = pdf.open_metadata()
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert "Statement ACME-000002, Acme GmbH" in str(metadata["dc:title"])
        with pdf.open_outline() as outline:
            headings = [item.title for item in outline.root]
    assert {"Charges", "Allowance and packs", "Cost by bot", "Sessions"} <= set(headings)


def test_the_same_statement_gives_the_same_bytes() -> None:
    first, second = (statement_pdf(document_bytes(made_document()), made_sessions(), fonts=OWN_FONTS) for _ in range(2))
    assert first == second


def test_every_amount_of_the_document_is_printed() -> None:
    document = made_document()
    with printed(document) as pdf:
        text = text_without_breaks(pdf)
    amounts = [line["amount"] for line in document["lines"]]
    amounts += [document["subtotal"], document["tax"]["amount"], document["total"]]
    amounts += [share["amount"] for share in document["shares"]["bots"]]
    amounts += [document["adjustments"][0]["lines"][0]["after"], document["adjustments"][0]["difference"]]
    assert not [amount for amount in amounts if f"${amount.removeprefix('-')}" not in text]
    assert "−$5.00" in text
    assert document["previous"] in text


def test_a_name_that_no_font_can_show_is_replaced_by_the_bot_s_id() -> None:
    with printed(made_document()) as pdf:
        text = text_without_breaks(pdf)
    assert "配" not in text
    assert "delivery" in text
    assert "Order bot" in text


def test_a_name_is_shown_with_a_font_of_the_folder() -> None:
    if not DROID.is_dir():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs Debian's package fonts-droid-fallback")
    with printed(made_document(), fonts=FontSource(folder=DROID, has_system_fonts=False)) as pdf:
        assert "配送" in text_without_breaks(pdf)


@pytest.mark.parametrize("letter", ["送", "\x00", "\ue000", "\uffff", "😀", "𐘀"])
def test_an_id_or_text_that_no_font_can_show_is_printed_by_its_code_points(letter: str) -> None:
    document = made_document(title=f"Acme {letter}", closed_by=f"ann{letter}@example.com")
    document["shares"]["bots"][1] |= {"bot_id": f"b-{letter}"}
    document["shares"]["channels"][0]["channel"] = f"web{letter}"
    with printed(document) as pdf:
        text = text_without_breaks(pdf)
    code = f"[U+{ord(letter):04X}]"
    assert all(part in text for part in (f"b-{code}", f"web{code}", f"ann{code}@example.com"))
    # The account's own name stands for its title.
    assert "acme" in text


def test_at_most_a_thousand_sessions_are_listed_with_a_note_of_where_all_are() -> None:
    sessions = pa.concat_tables([made_sessions()] * 30)
    document = made_document(sessions={"count": sessions.num_rows, "sha256": "5" * 64})
    with printed(document, sessions) as pdf:
        text = text_without_breaks(pdf)
    assert "The first 1,000 sessions of 1,140. All of them are in the statement's CSV and Parquet." in text
    # The first three cycles of its months, no more.
    assert text.count("Free preview") == 1_000 // 38 + 1


def test_a_preliminary_statement_says_so() -> None:
    with printed(made_document(number=None, closed_at=None, closed_by=None, previous=None)) as pdf:
        text = text_without_breaks(pdf)
    assert "Preliminary: its numbers may still change" in text


def test_without_the_extra_one_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Refused, match=re.escape('python -m pip install "botmeter[pdf]"')) as refusal:
        statement_pdf(document_bytes(made_document()), made_sessions(), fonts=OWN_FONTS)
    assert refusal.value.code == "pdf_not_installed"


def test_a_folder_of_fonts_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="BOTMETER_FONTS names") as refusal:
        statement_pdf(document_bytes(made_document()), made_sessions(), fonts=FontSource(folder=tmp_path / "none"))
    assert refusal.value.code == "fonts_missing"
