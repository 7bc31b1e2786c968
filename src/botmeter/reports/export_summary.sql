-- name: totals_of_matching
-- Reads: matching, session_ticket. Takes: $first_on, $last_on; {ticket_conditions}.
-- Gives: one row, the distinct sessions of matching, those among them that are previews, and the distinct conversations
-- and tickets of its rows.
SELECT
    count(DISTINCT session_id)::BIGINT                        AS session_count,
    count(DISTINCT session_id) FILTER (WHERE preview)::BIGINT AS preview_count,
    count(DISTINCT conversation_id)::BIGINT                   AS conversation_count,
    (
        SELECT count(DISTINCT ticket_id)
        FROM session_ticket
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND {ticket_conditions}
            AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
    )::BIGINT                                                 AS ticket_count
FROM matching
