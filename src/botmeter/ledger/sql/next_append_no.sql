-- Reads: receipt. Takes: nothing. Gives: the number of the next submission, one row.
SELECT (coalesce(max(append_no), 0) + 1)::INTEGER FROM receipt
