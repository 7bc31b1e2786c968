-- name: schedule
-- Reads: policy_term. Takes: nothing. Gives: (from_at, definition) of each policy, in the order of the schedule.
SELECT from_at::BIGINT, definition::VARCHAR FROM policy_term ORDER BY place

-- name: add_policy
-- Takes: ? for each column of policy_term, in order. Changes: policy_term has that row more.
INSERT INTO policy_term VALUES (?, ?, ?, ?, ?)
