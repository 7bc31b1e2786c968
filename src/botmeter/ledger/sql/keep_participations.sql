-- Reads: given. Takes: nothing. Gives: the freshly metered participations in participation.
INSERT INTO participation
SELECT session_id::UUID, started_at, customer_id, conversation_id, touchpoint, event_count, preview
FROM given
