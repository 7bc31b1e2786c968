-- Reads: erased_event, erased_conversation. Takes: $customer, $pseudonym.
-- Gives: event without the customer's identifiers; ticket ids become one-way, so that tickets still count.
UPDATE event
SET customer_id = $pseudonym,
    event_id = e.pseudonym,
    conversation_id = c.pseudonym,
    ticket_id = CASE WHEN ticket_id IS NOT NULL THEN 'erased-' || md5($pseudonym || ticket_id) END,
    attributes = NULL
FROM erased_event AS e, erased_conversation AS c
WHERE event.customer_id = $customer
    AND event.source = e.source AND event.event_id = e.event_id
    AND event.conversation_id = c.conversation_id
