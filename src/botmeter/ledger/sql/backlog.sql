-- Reads: arrival. Takes: nothing. Gives: how many events are in it, and when the first was taken in (µs UTC, null: none).
SELECT count(*)::BIGINT, min(received_at)::BIGINT FROM arrival
