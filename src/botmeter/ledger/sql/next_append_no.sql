-- Reads: receipt, delivery. Takes: nothing. Gives: the number of the next submission, one row.
SELECT greatest(
    (SELECT coalesce(max(append_no), 0) FROM receipt),
    (SELECT coalesce(max(append_no), 0) FROM delivery)
)::INTEGER + 1
