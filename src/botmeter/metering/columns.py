"""Arrow columns as NumPy arrays: codes for text, and order within ties."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def dictionary_of(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Text column as one dictionary array."""
    if not pa.types.is_dictionary(column.type):
        # Encoding chunk by chunk would build a dictionary for each and then unify them: four times as slow.
        whole = column.combine_chunks()
        return whole.dictionary_encode() if isinstance(whole, pa.Array) else dictionary_of(whole.dictionary_encode())
    if column.num_chunks == 0:
        return pa.array([], type=column.type)
    unified = column.unify_dictionaries().combine_chunks()
    return unified if isinstance(unified, pa.DictionaryArray) else unified.chunk(0)


def codes_of(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Code of each row of a text column, from 0, and each code's text; null has the code `len(texts)`."""
    array = dictionary_of(column)
    codes = array.indices.fill_null(len(array.dictionary)) if array.null_count else array.indices
    return codes.to_numpy().astype(np.int64), array.dictionary


def repeated_text(text: str, count: int) -> pa.DictionaryArray:
    """Repeated text, at the cost of one integer each."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def order_within_ties(order: Ints, *, ties: Mask, table_of: Callable[[Ints], pa.Table]) -> Ints:
    """Order each run of ties in `order` by the columns of a table, text by code point.

    Args:
        ties: True where the first keys equal those of the position before.
        table_of: Gives the rows of the table that values of `order` stand for.
    """
    if not ties.any():
        return order
    tied = ties.copy()
    tied[:-1] |= ties[1:]
    indexes = np.flatnonzero(tied)
    runs = np.cumsum(~ties[indexes])
    rows = _plain(table_of(order[indexes]))
    keys = [("run", "ascending"), *((name, "ascending") for name in rows.column_names)]
    ordered = order.copy()
    ordered[indexes] = order[indexes][pc.sort_indices(rows.append_column("run", pa.array(runs)), sort_keys=keys)]
    return ordered


def _plain(table: pa.Table) -> pa.Table:
    # Decode dictionaries, because Arrow would compare their codes.
    names = table.column_names
    plain = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(plain, names=names)
