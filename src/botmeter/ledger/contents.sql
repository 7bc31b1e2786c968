-- name: account
-- Reads: account_term. Takes: nothing. Gives: name, present available_from and title (null: none), one row.
SELECT name::VARCHAR, available_from::DATE, title::VARCHAR
FROM account_term
ORDER BY rowid DESC
LIMIT 1

-- name: policies
-- Reads: policy_term. Takes: nothing. Gives: (from_at, definition) of each policy, in order.
SELECT from_at::BIGINT, definition::VARCHAR FROM policy_term ORDER BY position

-- name: touchpoints
-- Reads: touchpoint. Takes: $first (a number). Gives: (bot_id, bot_version, channel) from that number on, in order.
SELECT bot_id::VARCHAR, bot_version::VARCHAR, channel::VARCHAR
FROM touchpoint
WHERE touchpoint >= $first
ORDER BY touchpoint

-- name: footprints
-- Reads: footprint_member. Takes: nothing. Gives: the ascending members of footprints -1, -2, …, in this order.
SELECT list(touchpoint ORDER BY touchpoint)::INTEGER[]
FROM footprint_member
WHERE footprint < 0
GROUP BY footprint
ORDER BY footprint DESC

-- name: insert_account
-- Takes: ? for each column of account_term, in order. Changes: adds the row to account_term.
INSERT INTO account_term VALUES (?, ?, ?, ?, ?)

-- name: insert_policy
-- Takes: ? for each column of policy_term, in order. Changes: adds the row to policy_term.
INSERT INTO policy_term VALUES (?, ?, ?, ?, ?)
