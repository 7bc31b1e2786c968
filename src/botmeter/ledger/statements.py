"""The text of the SQL statements that stand in `.sql` files beside their owners."""

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> str:
    """The SQL of `<package>/sql/<name>.sql`.

    Args:
        package: Dotted name, such as `botmeter.reports`.
        name: The file's name without its ending; it may name a folder, as in `tables/event`.
    """
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
