-- Reads: given. Takes: {table}, where to. Gives: the freshly metered participations in that table.
INSERT INTO {table}
SELECT session_id::UUID, started_at, customer_id, conversation_id, touchpoint, event_count, preview
FROM given
