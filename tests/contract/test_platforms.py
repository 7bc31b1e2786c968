"""A platform is named in its own folder alone, so that adding or removing one touches nothing else."""

import re

from botmeter.sources.platforms.registry import connectors
from contract.source_tree import ROOT, kept_files

SOURCE = ROOT / "src" / "botmeter"
PLATFORMS = SOURCE / "sources" / "platforms"
# Policies, plans and channels can have a platform's name: the default policy, the published rules and prices of
# vendors, a channel of the demo account. A platform's other exports can have a ready-made mapping.
OTHER_MEANINGS = re.compile(r"freshchat\.session|\bFRESHCHAT\b")
NAMED_OTHERWISE = (
    SOURCE / "metering" / "presets",
    SOURCE / "billing" / "plans",
    SOURCE / "sources" / "mappings",
    SOURCE / "demo",
)


def test_no_platform_is_named_outside_its_folder() -> None:
    """Botmeter's own format and CloudEvents are formats of the product, and may be named everywhere."""
    foreign = [each for each in connectors() if not each.is_native]
    words = {word for each in foreign for word in (each.platform, *re.split(r" and |, ", each.label))}
    words |= {word.split()[0] for word in words if word.split()[0] != "Bot"}
    names = re.compile(rf"(?i)(?<![a-z])({'|'.join(sorted(map(re.escape, words)))})(?![a-z])")
    found = []
    for path in kept_files():
        if not path.is_relative_to(SOURCE) or any(path.is_relative_to(each) for each in (PLATFORMS, *NAMED_OTHERWISE)):
            continue
        if path.suffix not in {".py", ".html", ".sql", ".toml", ".js", ".css", ".txt"}:
            continue
        text = OTHER_MEANINGS.sub("", path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(set(names.findall(text)))]
    assert not found, "Declare it in the platform's connector instead."
