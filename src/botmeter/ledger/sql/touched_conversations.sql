-- Reads: old_conversation, fresh_participation, event. Takes: $append_no (the first of this commit).
-- Gives: touched_conversation (conversation_id): those in sessions metered again, or newly linked to a ticket.
CREATE OR REPLACE TEMP TABLE touched_conversation AS
SELECT conversation_id FROM old_conversation
UNION
SELECT conversation_id FROM fresh_participation
UNION
SELECT conversation_id FROM event WHERE append_no >= $append_no AND ticket_id IS NOT NULL
