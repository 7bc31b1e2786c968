-- Reads: conversation_span. Takes: nothing. Gives: about how many conversations there are (within a few per cent), one row.
SELECT approx_count_distinct(conversation_id)::BIGINT
FROM conversation_span
