-- Reads: affected. Takes: nothing. Gives: the least and the greatest `since`, one row.
SELECT min(since)::BIGINT, max(since)::BIGINT FROM affected
