-- name: schedule
-- Reads: policy_term. Takes: nothing. Gives: (from_at, definition) of each policy, in order.
SELECT from_at::BIGINT, definition::VARCHAR FROM policy_term ORDER BY place

-- name: add_policy
-- Takes: ? for each column of policy_term, in order. Changes: adds the row to policy_term.
INSERT INTO policy_term VALUES (?, ?, ?, ?, ?)
