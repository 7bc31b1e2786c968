-- Reads: given. Takes: nothing. Gives: the freshly metered sessions in session.
INSERT INTO session
SELECT
    session_id::UUID, policy, customer_id, conversation_id, source, opening_event_id, opening_touchpoint,
    started_at, coalesce(ended_at, 4611686018427387904), last_event_at, event_count, closed_by, preview, footprint
FROM given
