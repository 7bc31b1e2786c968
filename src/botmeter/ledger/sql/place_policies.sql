-- Reads: policy_term. Takes: nothing. Gives: the place of each term in the order in which they are in force.
-- Sessions name their policy by its place; only those of future or re-metered sessions move.
UPDATE policy_term
SET place = (SELECT count(*) FROM policy_term AS earlier WHERE earlier.from_at < policy_term.from_at)
