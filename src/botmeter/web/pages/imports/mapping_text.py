"""Mappings written as text, in the form of a page or with an import."""

import json
import tomllib
from typing import Any

from botmeter.domain.errors import Refused


def document_of_text(text: str) -> dict[str, Any]:
    """Parse TOML or JSON; raises Refused `mapping_invalid`."""
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Refused("mapping_invalid", f"Invalid mapping: the text is neither TOML nor JSON: {fault}.") from None
    return dict(document)
