-- Reads: arrived. Takes: nothing. Gives: how many rows it has, and how many different event ids, one row.
SELECT count(*)::BIGINT, count(DISTINCT hash(event_id))::BIGINT FROM arrived
