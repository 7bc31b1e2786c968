-- Reads: {table}, footprint_member. Takes: {columns}.
-- Gives: stored_{table}, what it says as it is stored, with the members of a footprint in place of its number.
CREATE OR REPLACE TEMP TABLE stored_{table} AS SELECT {columns} FROM {table} AS x
