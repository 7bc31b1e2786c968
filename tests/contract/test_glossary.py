import ast
import re

from contract.source_tree import ROOT, SOURCE, source_modules

GLOSSARY = ROOT / "docs" / "concepts" / "glossary.md"

# DESIGN's words and those that the ledger, the sources and the reports added.
# fmt: off
WORDS = (
    "account", "event", "customer", "bot", "bot version", "channel", "conversation", "policy",
    "session", "ticket", "allowance", "pack", "overage", "statement", "restatement", "touchpoint",
    "footprint", "participation", "receipt", "rejection", "quarantine", "conflict", "duplicate",
    "source", "preset", "schedule",
)
# fmt: on


def words_in_glossary() -> list[str]:
    return re.findall(r"^\| \*\*(.+?)\*\*", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_public_class_of_the_domain_is_in_the_glossary() -> None:
    said = GLOSSARY.read_text(encoding="utf-8")
    classes = {
        node.name
        for module in source_modules()
        if module.path.is_relative_to(SOURCE / "domain")
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    missing = sorted(name for name in classes if f"`{name}`" not in said)
    assert not missing, f"docs/concepts/glossary.md does not say what these are: {missing}"


def test_every_word_of_the_product_is_in_the_glossary_once() -> None:
    listed = words_in_glossary()
    assert not set(WORDS) - set(listed)
    assert len(listed) == len(set(listed))


def test_the_glossary_is_in_the_order_of_the_alphabet() -> None:
    listed = words_in_glossary()
    assert listed == sorted(listed)
