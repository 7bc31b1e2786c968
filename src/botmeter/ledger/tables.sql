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

-- name: hash_probe
-- Takes: nothing. Gives: the hash of a fixed text, which can differ between versions of DuckDB, one row.
SELECT hash('botmeter', 'probe')::VARCHAR

-- name: rehash_events
-- Reads: event. Takes: nothing. Changes: sets the key of every event as this engine hashes it.
-- Erased events keep theirs, because their ids are gone; a copy sent again after this is not recognised.
UPDATE event SET event_key = hash(source, event_id) WHERE NOT is_erased

-- name: rehash_arrivals
-- Reads: arrival. Takes: nothing. Changes: sets the key of every event in it as this engine hashes it.
UPDATE arrival SET event_key = hash(source, event_id)

-- name: rehash_conversations
-- Reads: conversation_day. Takes: nothing. Changes: sets conversation_key of every row as this engine hashes it.
UPDATE conversation_day SET conversation_key = hash(conversation_id)

-- name: rehash_spans
-- Reads: conversation_span. Takes: nothing. Changes: sets conversation_key of every row as this engine hashes it.
UPDATE conversation_span SET conversation_key = hash(conversation_id)
