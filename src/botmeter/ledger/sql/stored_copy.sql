-- Reads: {table}. Takes: nothing. Gives: stored_{table}, a copy of it as it is stored.
CREATE OR REPLACE TEMP TABLE stored_{table} AS SELECT * FROM {table}
