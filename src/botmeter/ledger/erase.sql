-- name: conversations
-- Reads: event. Takes: $customer. Gives: erased_conversation, the customer's conversations and their pseudonyms.
CREATE OR REPLACE TEMP TABLE erased_conversation AS
SELECT conversation_id, 'erased-' || uuid()::VARCHAR AS pseudonym
FROM (SELECT DISTINCT conversation_id FROM event WHERE customer_id = $customer)

-- name: events_before
-- Reads: event. Takes: $customer.
-- Gives: erased_event, the customer's events and their pseudonyms, in the order of their ids.
CREATE OR REPLACE TEMP TABLE erased_event AS
SELECT
    source, event_id,
    'erased:' || lpad((row_number() OVER (ORDER BY event_id, source))::VARCHAR, 12, '0') || ':' || to_hex(event_key) AS pseudonym
FROM event
WHERE customer_id = $customer

-- name: tickets_before
-- Reads: event. Takes: $customer.
-- Gives: erased_ticket, the tickets of this customer alone, and their pseudonyms.
-- A ticket shared with another customer keeps its id, or it would count twice.
CREATE OR REPLACE TEMP TABLE erased_ticket AS
SELECT ticket_id, 'erased-' || uuid()::VARCHAR AS pseudonym
FROM event
WHERE ticket_id IN (SELECT ticket_id FROM event WHERE customer_id = $customer)
GROUP BY ticket_id
HAVING bool_and(customer_id = $customer)

-- name: counts
-- Reads: event, session, erased_conversation. Takes: $customer.
-- Gives: the number of the customer's events, sessions and conversations, one row.
SELECT
    (SELECT count(*) FROM event WHERE customer_id = $customer)::BIGINT,
    (SELECT count(*) FROM session WHERE customer_id = $customer)::BIGINT,
    (SELECT count(*) FROM erased_conversation)::BIGINT

-- name: ids
-- Reads: erased_event, erased_conversation. Takes: nothing.
-- Gives: (source, id) of each erased event, and (null, id) of each conversation.
SELECT source::VARCHAR, event_id::VARCHAR FROM erased_event
UNION ALL
SELECT NULL, conversation_id::VARCHAR FROM erased_conversation
ORDER BY ALL

-- name: pseudonyms
-- Reads: erased_event, erased_conversation, erased_ticket. Takes: nothing. Gives: (id, pseudonym) of each.
SELECT event_id::VARCHAR, pseudonym::VARCHAR FROM erased_event
UNION ALL
SELECT conversation_id::VARCHAR, pseudonym::VARCHAR FROM erased_conversation
UNION ALL
SELECT ticket_id::VARCHAR, pseudonym::VARCHAR FROM erased_ticket
ORDER BY ALL

-- name: quarantine_page
-- Reads: quarantine. Takes: $after (a number), $limit. Gives: (number, source, event_id, raw) of the next ones.
SELECT quarantine_no::BIGINT, source::VARCHAR, event_id::VARCHAR, raw::BLOB
FROM quarantine
WHERE quarantine_no > $after
ORDER BY quarantine_no
LIMIT $limit

-- name: texts
-- Reads: {table}. Takes: {column}. Gives: the distinct texts that people wrote there, in order.
SELECT DISTINCT {column}::VARCHAR AS text FROM {table} WHERE {column} IS NOT NULL ORDER BY text

-- name: update_text
-- Reads: {table}. Takes: {column}, $before, $after. Changes: puts one text into the place of the other.
UPDATE {table} SET {column} = $after WHERE {column} = $before

-- name: alias_count
-- Reads: customer_alias. Takes: $ids. Gives: the number of aliases of these customers, one row.
SELECT count(*)::BIGINT
FROM customer_alias
WHERE customer_id IN (SELECT unnest($ids::VARCHAR[])) OR same_as IN (SELECT unnest($ids::VARCHAR[]))

-- name: delete_aliases
-- Takes: $ids. Changes: deletes the aliases of these customers.
DELETE FROM customer_alias
WHERE customer_id IN (SELECT unnest($ids::VARCHAR[])) OR same_as IN (SELECT unnest($ids::VARCHAR[]))

-- name: update_restatements
-- Reads: erased_event. Takes: nothing. Changes: puts the pseudonyms in place of the event ids in restatement.
UPDATE restatement
SET because = renamed.because
FROM (
    SELECT named.row_id, list(coalesce(e.pseudonym, named.event_id) ORDER BY named.event_id) AS because
    FROM (SELECT rowid AS row_id, unnest(because) AS event_id FROM restatement) AS named
    LEFT JOIN (SELECT event_id, min(pseudonym) AS pseudonym FROM erased_event GROUP BY event_id) AS e USING (event_id)
    GROUP BY named.row_id
    HAVING count(e.pseudonym) > 0
) AS renamed
WHERE restatement.rowid = renamed.row_id

-- name: update_naming_events
-- Reads: erased_attributes. Takes: $customer. Changes: puts the attributes without the customer's ids into other
-- customers' events, whose content is unknown from now on.
UPDATE event
SET attributes = a.attributes, is_erased = true
FROM erased_attributes AS a
WHERE event.customer_id <> $customer AND event.source = a.source AND event.event_id = a.event_id

-- name: update_events
-- Reads: erased_event, erased_conversation, erased_ticket, erased_attributes. Takes: $customer, $pseudonym. Changes: removes the
-- customer's identifiers from event; each ticket still counts as one.
UPDATE event
SET customer_id = $pseudonym,
    sent_customer_id = NULL,
    event_id = e.pseudonym,
    conversation_id = c.pseudonym,
    ticket_id = coalesce((SELECT t.pseudonym FROM erased_ticket AS t WHERE t.ticket_id = event.ticket_id), event.ticket_id),
    attributes = (
        SELECT a.attributes FROM erased_attributes AS a WHERE a.source = event.source AND a.event_id = event.event_id
    ),
    is_erased = true,
    is_conversation_erased = true
FROM erased_event AS e, erased_conversation AS c
WHERE event.customer_id = $customer
    AND event.source = e.source AND event.event_id = e.event_id
    AND event.conversation_id = c.conversation_id

-- name: update_spans
-- Reads: erased_conversation. Takes: nothing. Changes: puts the pseudonyms into conversation_span.
UPDATE conversation_span
SET conversation_id = c.pseudonym, conversation_key = hash(c.pseudonym)
FROM erased_conversation AS c
WHERE conversation_span.conversation_id = c.conversation_id

-- name: delete_tickets
-- Reads: erased_conversation. Takes: nothing. Changes: deletes the tickets of the customer's conversations from
-- conversation_ticket; `insert_tickets` adds them again.
DELETE FROM conversation_ticket WHERE conversation_id IN (SELECT conversation_id FROM erased_conversation)

-- name: update_other_events
-- Reads: erased_conversation. Takes: nothing. Changes: puts the pseudonyms into other customers' events of the
-- conversations.
UPDATE event
SET conversation_id = c.pseudonym, is_conversation_erased = true
FROM erased_conversation AS c
WHERE event.conversation_id = c.conversation_id

-- name: update_deliveries
-- Reads: delivery. Takes: nothing. Changes: removes anything that can identify a customer from delivery.
UPDATE delivery SET delivery_id = NULL, detail = NULL

-- name: drop_erased_attributes
-- Changes: erased_attributes is dropped, and its memory freed.
DROP TABLE erased_attributes

-- name: drop_erased_conversation
-- Changes: erased_conversation is dropped, and its memory freed.
DROP TABLE erased_conversation

-- name: drop_erased_event
-- Changes: erased_event is dropped, and its memory freed.
DROP TABLE erased_event

-- name: drop_erased_ticket
-- Changes: erased_ticket is dropped, and its memory freed.
DROP TABLE erased_ticket

-- name: own_attributes
-- Reads: event. Takes: $customer. Gives: (source, event_id, attributes) of the customer's events with attributes.
SELECT source::VARCHAR, event_id::VARCHAR, attributes::VARCHAR
FROM event
WHERE customer_id = $customer AND attributes IS NOT NULL
ORDER BY ALL

-- name: naming_attributes
-- Reads: event. Takes: $customer, $texts (ids as in JSON).
-- Gives: (source, event_id, attributes) of other customers' events whose attributes have one of the texts.
SELECT source::VARCHAR, event_id::VARCHAR, attributes::VARCHAR
FROM event
WHERE customer_id <> $customer
    AND attributes IS NOT NULL
    AND len(list_filter($texts::VARCHAR[], lambda text: contains(attributes, text))) > 0
ORDER BY ALL

-- name: erased_attributes
-- Reads: input_rows (source, event_id, attributes). Gives: erased_attributes, the same rows.
CREATE OR REPLACE TEMP TABLE erased_attributes AS
SELECT source::VARCHAR AS source, event_id::VARCHAR AS event_id, attributes::VARCHAR AS attributes FROM input_rows

-- name: keys_to_erase
-- Reads: event, erased_key. Takes: $customer. Gives: the rows of a lake's erased_key for the
-- customer's events, in any order.
SELECT event_key::BIT::BIGINT AS event_key, occurred_at::BIGINT AS occurred_at, true AS has_event
FROM event
WHERE customer_id = $customer AND NOT is_erased

-- name: quarantined_places
-- Reads: quarantine. Takes: $quarantine_nos. Gives: (append_no, position, code) of these entries, in any order.
SELECT append_no::INTEGER, position::BIGINT, code::VARCHAR
FROM quarantine
WHERE quarantine_no IN (SELECT unnest($quarantine_nos::BIGINT[]))

-- name: chosen_rows
-- Reads: {table}, of an erasure. Gives: its rows, in any order.
SELECT * FROM {table}
