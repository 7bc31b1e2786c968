-- Reads: given. Takes: {table}, where to. Gives: the freshly metered sessions in that table.
INSERT INTO {table}
SELECT
    session_id::UUID, policy, customer_id, conversation_id, source, opening_event_id, opening_touchpoint,
    started_at, coalesce(ended_at, 4611686018427387904), last_event_at, event_count, closed_by, preview, footprint
FROM given
