-- name: aliases
-- Reads: customer_alias, same_customer. Takes: nothing. Gives: every row of the former with the customer that counts
-- (null: undone), newest change first.
SELECT
    a.customer_id::VARCHAR, a.same_as::VARCHAR, s.customer_id::VARCHAR, a.merge_no::INTEGER, a.set_at::BIGINT,
    a.set_by::VARCHAR, a.undone_no::INTEGER, a.undone_at::BIGINT, a.undone_by::VARCHAR
FROM customer_alias AS a
LEFT JOIN same_customer AS s ON s.sent_customer_id = a.customer_id AND a.undone_no IS NULL
ORDER BY a.merge_no DESC, a.customer_id, a.undone_no

-- name: counted_customer
-- Reads: same_customer. Takes: $customer. Gives: the customer that counts for the id, one row.
SELECT coalesce((SELECT customer_id FROM same_customer WHERE sent_customer_id = $customer), $customer)::VARCHAR

-- name: ids_of
-- Reads: same_customer. Takes: $customer (one that counts). Gives: its aliases, ascending.
SELECT sent_customer_id::VARCHAR
FROM same_customer
WHERE customer_id = $customer
ORDER BY sent_customer_id

-- name: aliases_in_force
-- Reads: customer_alias. Takes: nothing. Gives: (alias, the customer named for it) of those in force.
SELECT customer_id::VARCHAR, same_as::VARCHAR
FROM customer_alias
WHERE undone_no IS NULL
ORDER BY customer_id

-- name: next_change
-- Reads: customer_alias, restatement. Takes: nothing. Gives: the number of the next change, one row.
-- A restatement keeps the number of a change whose aliases were erased.
SELECT 1 + greatest(
    (SELECT coalesce(max(greatest(merge_no, coalesce(undone_no, 0))), 0) FROM customer_alias),
    (SELECT coalesce(max(cause_no), 0) FROM restatement WHERE cause = 2)
)::INTEGER

-- name: before
-- Reads: same_customer. Takes: nothing. Gives: customer_before, a copy.
CREATE OR REPLACE TEMP TABLE customer_before AS SELECT sent_customer_id, customer_id FROM same_customer

-- name: undo_aliases
-- Takes: $aliases, $number, $now, $by. Changes: marks these aliases in customer_alias, if in force, as undone.
UPDATE customer_alias
SET undone_no = $number, undone_at = $now, undone_by = $by
WHERE undone_no IS NULL AND customer_id IN (SELECT unnest($aliases::VARCHAR[]))

-- name: insert_aliases
-- Reads: input_rows (customer_id, same_as). Takes: $number, $now, $by. Changes: adds these to customer_alias.
INSERT INTO customer_alias
SELECT customer_id, same_as, $number, $now, $by, NULL, NULL, NULL FROM input_rows

-- name: moves
-- Reads: customer_before, same_customer. Takes: nothing.
-- Gives: customer_move, one row per sent id whose customer changed.
CREATE OR REPLACE TEMP TABLE customer_move AS
SELECT
    sent_customer_id,
    coalesce(b.customer_id, sent_customer_id) AS before_id,
    coalesce(n.customer_id, sent_customer_id) AS after_id
FROM customer_before AS b
FULL JOIN same_customer AS n USING (sent_customer_id)
WHERE coalesce(b.customer_id, sent_customer_id) <> coalesce(n.customer_id, sent_customer_id)

-- name: session_count
-- Reads: session, customer_move. Takes: nothing. Gives: the number of sessions of those customers, one row.
SELECT count(*)::BIGINT
FROM session
WHERE customer_id IN (SELECT before_id FROM customer_move UNION SELECT after_id FROM customer_move)

-- name: restated_days
-- Reads: restatement. Takes: $number (of a change). Gives: the number of days that it restated, one row.
SELECT count(*)::BIGINT FROM restatement WHERE cause = 2 AND cause_no = $number
