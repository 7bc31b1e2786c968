-- Reads: erased_event, erased_conversation, erased_ticket. Takes: $customer, $pseudonym.
-- Gives: event without the customer's identifiers; each ticket still counts as one.
UPDATE event
SET customer_id = $pseudonym,
    sent_customer_id = NULL,
    event_id = e.pseudonym,
    conversation_id = c.pseudonym,
    ticket_id = coalesce((SELECT t.pseudonym FROM erased_ticket AS t WHERE t.ticket_id = event.ticket_id), event.ticket_id),
    attributes = NULL
FROM erased_event AS e, erased_conversation AS c
WHERE event.customer_id = $customer
    AND event.source = e.source AND event.event_id = e.event_id
    AND event.conversation_id = c.conversation_id
