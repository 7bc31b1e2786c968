"""What stands in a page, for tests: looked for as a reader would, not by the letters between."""

import html
import re


def code_blocks(page: str) -> list[str]:
    """The texts of the page's blocks of code."""
    return [html.unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]
