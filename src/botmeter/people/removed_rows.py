"""Removed rows of the user database, to be put back."""

from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model

from botmeter.domain.errors import Conflict

Row = TypeVar("Row", bound=Model)


def row_copy(row: Row) -> Row:
    """Copy of a row with its number, which `delete` clears."""
    fields = row._meta.concrete_fields  # noqa: SLF001 - Django's documented interface
    return type(row)(**{field.attname: getattr(row, field.attname) for field in fields})


def put_back(row: Model) -> None:
    """Insert a removed row again; raises Conflict `undo_conflict`."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "undo_conflict", "It can't be restored: the same was created again meanwhile, or its user was deleted."
        ) from None
