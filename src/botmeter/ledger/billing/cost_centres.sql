-- name: cost_centre_terms
-- Reads: cost_centre_term. Takes: $with_replaced. Gives: the terms in force, in order of day, bot and channel; or all, in
-- the order of recording.
SELECT
    from_on::DATE, bot_id::VARCHAR, channel::VARCHAR, cost_centre::VARCHAR, recorded_at::BIGINT, set_by::VARCHAR
FROM cost_centre_term
QUALIFY $with_replaced::BOOLEAN OR row_number() OVER (PARTITION BY from_on, bot_id, channel ORDER BY rowid DESC) = 1
ORDER BY
    CASE WHEN $with_replaced::BOOLEAN THEN rowid END,
    from_on, bot_id, channel

-- name: insert_cost_centre
-- Takes: ? for each column of cost_centre_term, in order. Changes: adds the row to cost_centre_term.
INSERT INTO cost_centre_term VALUES (?, ?, ?, ?, ?, ?)
