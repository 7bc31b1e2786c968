-- name: ticket_types
-- Reads: session_ticket.
-- Gives: the types of all tickets, in the order of their first day, then by name.
SELECT ticket_type::VARCHAR AS ticket_type
FROM session_ticket
GROUP BY ticket_type
ORDER BY min(day), ticket_type
