-- name: delete_all
-- Changes: policy_term is empty.
DELETE FROM policy_term

-- name: delete_from
-- Reads: policy_term. Takes: $from_at (µs UTC). Changes: deletes the policy that begins then.
DELETE FROM policy_term WHERE from_at = $from_at

-- name: number_policies
-- Reads: policy_term. Takes: nothing. Changes: numbers the policies in order of from_at.
-- Sessions name their policy by its position; only those of future or re-metered sessions move.
UPDATE policy_term
SET position = (SELECT count(*) FROM policy_term AS earlier WHERE earlier.from_at < policy_term.from_at)
