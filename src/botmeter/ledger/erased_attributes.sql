-- name: own
-- Reads: event. Takes: $customer. Gives: (source, event_id, attributes) of the customer's events with attributes.
SELECT source::VARCHAR, event_id::VARCHAR, attributes::VARCHAR
FROM event
WHERE customer_id = $customer AND attributes IS NOT NULL
ORDER BY ALL

-- name: naming
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
