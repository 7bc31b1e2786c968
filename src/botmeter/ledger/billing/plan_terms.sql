-- name: plan_terms
-- Reads: plan_term. Takes: $with_withdrawn. Gives: the plans in force, or all, in order of from_at and number.
SELECT
    term_no::INTEGER, from_at::BIGINT, label::VARCHAR, definition::VARCHAR, policies::VARCHAR, recorded_at::BIGINT,
    set_by::VARCHAR, reason::VARCHAR, undone_at::BIGINT, undone_by::VARCHAR, undone_for::VARCHAR
FROM plan_term
WHERE $with_withdrawn::BOOLEAN OR undone_at IS NULL
ORDER BY from_at, term_no

-- name: insert_plan_term
-- Reads: plan_term. Takes: ? from_at, label, definition, policies, recorded_at, set_by, reason. Changes: adds the row
-- under the next number to plan_term. Gives: the number, one row.
INSERT INTO plan_term
SELECT coalesce(max(term_no), 0) + 1, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL FROM plan_term
RETURNING term_no::INTEGER

-- name: effects_since
-- Reads: statement, purchase. Takes: $from_at (µs UTC). Gives: the first statement of a cycle that ends later, and the
-- first purchase in force for a time since then (null: none), one row.
SELECT
    (SELECT min(number) FROM statement WHERE cycle_end > $from_at::BIGINT)::VARCHAR,
    (
        SELECT min(purchase_no)
        FROM purchase
        WHERE from_at >= $from_at::BIGINT
            AND reverses IS NULL
            AND purchase_no NOT IN (SELECT reverses FROM purchase WHERE reverses IS NOT NULL)
    )::INTEGER

-- name: withdraw_plan_term
-- Reads: plan_term. Takes: $number, $now (µs UTC), $by, $reason. Changes: the term is no longer in force.
UPDATE plan_term SET undone_at = $now, undone_by = $by, undone_for = $reason WHERE term_no = $number

-- name: opening_balances
-- Reads: opening_balance. Takes: $with_replaced. Gives: the balances in force, or all, in order of balance_no.
SELECT
    balance_no::INTEGER, meter::INTEGER, as_of::BIGINT, allowance_used::VARCHAR, packs::VARCHAR, recorded_at::BIGINT,
    set_by::VARCHAR, reason::VARCHAR
FROM opening_balance
WHERE $with_replaced::BOOLEAN OR balance_no IN (SELECT max(balance_no) FROM opening_balance GROUP BY meter)
ORDER BY balance_no

-- name: insert_opening_balance
-- Reads: opening_balance. Takes: ? for each other column of opening_balance, in order. Changes: adds the row under the
-- next number to opening_balance. Gives: the number, one row.
INSERT INTO opening_balance
SELECT coalesce(max(balance_no), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM opening_balance
RETURNING balance_no::INTEGER

-- name: grace_days
-- Reads: billing_term. Takes: nothing. Gives: the days of grace in force (null: never set), one row.
SELECT arg_max(grace_days, rowid)::INTEGER FROM billing_term

-- name: insert_billing_term
-- Takes: ? for each column of billing_term, in order. Changes: adds the row to billing_term.
INSERT INTO billing_term VALUES (?, ?, ?)
