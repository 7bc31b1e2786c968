-- Reads: customer_alias, restatement. Takes: nothing. Gives: the number of the next change, one row.
-- A restatement keeps the number of a change whose aliases were erased.
SELECT 1 + greatest(
    (SELECT coalesce(max(greatest(merge_no, coalesce(undone_no, 0))), 0) FROM customer_alias),
    (SELECT coalesce(-min(append_no), 0) FROM restatement)
)::INTEGER
