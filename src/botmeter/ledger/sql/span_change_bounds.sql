-- Reads: span_change. Takes: nothing. Gives: the first and the last of its days (null: no row), one row.
SELECT min(day)::DATE, max(day)::DATE FROM span_change
