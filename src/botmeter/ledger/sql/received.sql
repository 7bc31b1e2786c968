-- Reads: delivery, arrival. Takes: nothing.
-- Gives: when live events were last taken in, and the last time up to which none of them waits to be settled (µs UTC,
-- null: never), one row. The clock may have been set back, so the order is that of the commits.
SELECT
    max_by(received_at, append_no)::BIGINT,
    max_by(received_at, append_no) FILTER (
        WHERE append_no < (SELECT coalesce(min(append_no), 2147483647) FROM arrival)
    )::BIGINT
FROM delivery
