-- Reads: matching. Gives: one row, the number of conversations that match.
SELECT count(DISTINCT conversation_id)::BIGINT AS conversation_count
FROM matching
