-- Reads: receipt. Takes: $append_nos.
-- Gives: the submissions of these numbers: number, when it was recorded (µs UTC), source, label; by number.
SELECT
    append_no::INTEGER  AS append_no,
    recorded_at::BIGINT AS recorded_at,
    source::VARCHAR     AS source,
    label::VARCHAR      AS label
FROM receipt
WHERE list_contains($append_nos::INTEGER[], append_no)
ORDER BY append_no
