-- Reads: folded_span. Takes: $after (a rowid; -1: all rows). Gives: conversation_span without the rows that it stands for.
DELETE FROM conversation_span
WHERE rowid > $after AND conversation_id IN (SELECT conversation_id FROM folded_span)
