-- name: budgets
-- Reads: budget. Takes: $with_ended. Gives: the budgets in force, or also ended ones, in order of budget_no.
SELECT
    budget_no::INTEGER, scope::VARCHAR, name::VARCHAR, unit::VARCHAR, amount::VARCHAR, per::VARCHAR, is_brake::BOOLEAN,
    recorded_at::BIGINT, set_by::VARCHAR, ended_at::BIGINT, ended_by::VARCHAR
FROM budget
WHERE $with_ended::BOOLEAN OR ended_at IS NULL
ORDER BY budget_no

-- name: insert_budget
-- Reads: budget. Takes: ? scope, name, unit, amount, per, is_brake, recorded_at, set_by. Changes: adds the row under the
-- next number to budget. Gives: the number, one row.
INSERT INTO budget
SELECT coalesce(max(budget_no), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL FROM budget
RETURNING budget_no::INTEGER

-- name: end_budget
-- Reads: budget. Takes: $number, $now (µs UTC), $by. Changes: the budget has ended.
UPDATE budget SET ended_at = $now, ended_by = $by WHERE budget_no = $number
