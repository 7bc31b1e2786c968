-- Reads: event, touched_row. Takes: $append_no (the first of this commit).
-- Gives: in touched_day, the days of the conversations that were newly linked to a ticket.
INSERT INTO touched_day
SELECT DISTINCT day
FROM touched_row
WHERE conversation_id IN (SELECT conversation_id FROM event WHERE append_no >= $append_no AND ticket_id IS NOT NULL)
    AND day NOT IN (SELECT day FROM touched_day)
