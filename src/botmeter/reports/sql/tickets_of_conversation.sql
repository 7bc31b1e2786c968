-- Reads: conversation_ticket. Takes: $conversation.
-- Gives: ticket and type (null where no event names one), one row each; by both.
SELECT
    ticket_id::VARCHAR   AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM conversation_ticket AS own
WHERE conversation_id = $conversation::VARCHAR
    AND (
        ticket_type IS NOT NULL
        OR NOT EXISTS (
            SELECT 1
            FROM conversation_ticket AS typed
            WHERE typed.conversation_id = own.conversation_id
                AND typed.ticket_id = own.ticket_id
                AND typed.ticket_type IS NOT NULL
        )
    )
ORDER BY ALL
