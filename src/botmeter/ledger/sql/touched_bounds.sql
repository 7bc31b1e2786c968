-- Reads: touched_day. Takes: nothing. Gives: the µs UTC at which the first of the days starts and the last one ends, one row.
SELECT epoch_us(min(day)::TIMESTAMP)::BIGINT, epoch_us((max(day) + 1)::TIMESTAMP)::BIGINT FROM touched_day
