"""SQL and Python of the guide to reading a lake with other programs."""

import re
from pathlib import Path
from typing import Any

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "lake-sql.md").read_text(encoding="utf-8")
VIEWS = dict(re.findall(r"CREATE TEMP VIEW (\w+) AS\n(.*?);", GUIDE, re.DOTALL))


def files_by_guide(lake: str) -> dict[str, list[str]]:
    """Run the guide's Python on a lake; return the files of each table."""
    program = GUIDE.partition("```python\n")[2].partition("```")[0].replace("/data/acme-lake", lake)
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - of our own guide
    files: dict[str, list[str]] = names["files"]
    return files


def query_of_guide(start: str) -> str:
    """The guide's statement with this start."""
    [query] = re.findall(rf"```sql\n({re.escape(start)}.*?)```", GUIDE, re.DOTALL)
    return str(query)
