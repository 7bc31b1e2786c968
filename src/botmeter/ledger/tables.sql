-- name: schema_version
-- Reads: meta. Takes: nothing. Gives: the schema version as text, one row; an error if there is none.
SELECT value::VARCHAR FROM meta WHERE name = 'schema_version' ORDER BY value

-- name: meta_value
-- Reads: meta. Takes: $name. Gives: the value under the name (null: none), one row.
SELECT max(value)::VARCHAR FROM meta WHERE name = $name

-- name: delete_meta
-- Reads: meta. Takes: $name. Changes: deletes the name from meta.
DELETE FROM meta WHERE name = $name

-- name: insert_meta
-- Takes: $name, $value. Changes: adds the row to meta.
INSERT INTO meta VALUES ($name, $value)

-- name: views
-- Takes: nothing. Gives: the names of all views of the file, in order.
SELECT view_name::VARCHAR FROM duckdb_views() WHERE NOT internal ORDER BY view_name

-- name: drop_view
-- Changes: drops the view {table}.
DROP VIEW {table}

-- name: hash_probe
-- Takes: nothing. Gives: the hash of a fixed text, which can differ between versions of DuckDB, one row.
SELECT hash('botmeter', 'probe')::VARCHAR

-- name: rehash_rekeyed
-- Reads: event. Changes: sets the present key of every event in rekeyed_event as this engine hashes it.
UPDATE rekeyed_event
SET event_key = hash(event.source, event.event_id)
FROM event
WHERE event.event_key = rekeyed_event.event_key
    AND NOT (event.is_erased AND ends_with(event.event_id, ':' || to_hex(event.event_key)))

-- name: insert_rekeyed
-- Reads: correction, purchase, statement_session, event, before its keys change. Changes: adds the events that bills name
-- to rekeyed_event, unless they are there or keep their keys.
INSERT INTO rekeyed_event
SELECT named.opening_key, hash(event.source, event.event_id)
FROM (
    SELECT opening_key FROM correction
    UNION
    SELECT opening_key FROM purchase WHERE opening_key IS NOT NULL
    UNION
    SELECT opening_key FROM statement_session
) AS named
JOIN event ON event.event_key = named.opening_key
WHERE NOT (event.is_erased AND ends_with(event.event_id, ':' || to_hex(event.event_key)))
    AND hash(event.source, event.event_id) <> named.opening_key
    AND named.opening_key NOT IN (SELECT opening_key FROM rekeyed_event)

-- name: rehash_events
-- Reads: event. Takes: nothing. Changes: sets the key of every event as this engine hashes it.
-- Those of erased customers keep theirs, because their ids are gone; a copy sent again after this is not recognised.
-- Their ids end in the key, which tells them from erased events that keep their ids because they only named a customer.
UPDATE event
SET event_key = hash(source, event_id)
WHERE NOT (is_erased AND ends_with(event_id, ':' || to_hex(event_key)))

-- name: rehash_arrivals
-- Reads: arrival. Takes: nothing. Changes: sets the key of every event in it as this engine hashes it.
UPDATE arrival SET event_key = hash(source, event_id)

-- name: rehash_conversations
-- Reads: conversation_day. Takes: nothing. Changes: sets conversation_key of every row as this engine hashes it.
UPDATE conversation_day SET conversation_key = hash(conversation_id)

-- name: rehash_spans
-- Reads: conversation_span. Takes: nothing. Changes: sets conversation_key of every row as this engine hashes it.
UPDATE conversation_span SET conversation_key = hash(conversation_id)
