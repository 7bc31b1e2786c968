-- name: set_timezone
-- Changes: times are UTC.
SET TimeZone = 'UTC'

-- name: insert_touchpoint
-- Reads: input_rows. Changes: adds them to touchpoint.
INSERT INTO touchpoint SELECT touchpoint, bot_id, bot_version, channel FROM input_rows ORDER BY touchpoint

-- name: insert_footprint_member
-- Reads: input_rows. Changes: adds them to footprint_member.
INSERT INTO footprint_member SELECT footprint, touchpoint FROM input_rows ORDER BY ALL

-- name: insert_session_usage
-- Reads: input_rows. Changes: adds them to session_usage.
INSERT INTO session_usage
SELECT day, footprint, opening_touchpoint, preview, session_count FROM input_rows ORDER BY ALL

-- name: insert_conversation_usage
-- Reads: input_rows. Changes: adds them to conversation_usage.
INSERT INTO conversation_usage SELECT day, footprint, preview, conversation_count FROM input_rows ORDER BY ALL

-- name: insert_bot_name_sent
-- Reads: input_rows. Changes: adds them to bot_name_sent.
INSERT INTO bot_name_sent SELECT bot_id, bot_name, named_at FROM input_rows ORDER BY bot_id

-- name: insert_receipt
-- Reads: input_rows. Changes: adds them to receipt.
INSERT INTO receipt
SELECT append_no, recorded_at, source, label, accepted, duplicates, conflicts, rejected, retry_of
FROM input_rows
ORDER BY append_no

-- name: insert_customer_alias
-- Reads: input_rows. Changes: adds them to customer_alias.
INSERT INTO customer_alias
SELECT customer_id, same_as, merge_no, set_at, set_by, undone_no, undone_at, undone_by
FROM input_rows
ORDER BY merge_no, customer_id

-- name: insert_erased_key
-- Reads: input_rows. Changes: adds those without an event to erased_key.
INSERT INTO erased_key
SELECT event_key::BIT::UBIGINT, occurred_at FROM input_rows WHERE NOT has_event ORDER BY ALL

-- name: create_restatement_files
-- Gives: restatement_file, the lake's files whose rows restatement has.
CREATE TABLE IF NOT EXISTS restatement_file (name VARCHAR NOT NULL)

-- name: restatement_files
-- Reads: restatement_file. Gives: their names, in order.
SELECT name::VARCHAR FROM restatement_file ORDER BY name

-- name: delete_restatements
-- Reads: input_rows, all restatements of the lake. Changes: deletes these from restatement; earlier ones are of the ledger
-- that was moved to a lake of an earlier layout.
DELETE FROM restatement WHERE recorded_at >= (SELECT min(recorded_at) FROM input_rows)

-- name: insert_restatements
-- Reads: input_rows. Changes: adds them to restatement.
INSERT INTO restatement BY NAME
SELECT cause::UTINYINT AS cause, * EXCLUDE (run, cause) FROM input_rows ORDER BY run, recorded_at, day

-- name: insert_restatement_files
-- Reads: input_rows (name). Changes: adds these to restatement_file.
INSERT INTO restatement_file SELECT name FROM input_rows ORDER BY name

-- name: drop_restatement_files
-- Changes: drops restatement_file.
DROP TABLE IF EXISTS restatement_file

-- name: insert_file_imports
-- Reads: receipt, file_import, input_rows (file, append_no, size_bytes). Changes: adds each input file of a run to
-- file_import.
INSERT INTO file_import
SELECT
    (coalesce((SELECT max(import_no) FROM file_import), 0) + row_number() OVER (ORDER BY append_no))::INTEGER, append_no, 0,
    label, size_bytes, NULL, NULL, NULL, NULL, NULL
FROM input_rows
WHERE file <> '' AND append_no NOT IN (SELECT append_no FROM file_import)
ORDER BY append_no

-- name: update_file_imports
-- Reads: input_rows (receipts). Changes: marks the imports that runs have undone in file_import.
UPDATE file_import
SET undone_at = r.undone_at, undone_by = r.undone_by, undone_for = r.undone_for
FROM input_rows AS r
WHERE file_import.append_no = r.append_no AND r.undone_at IS NOT NULL

-- name: clear_table
-- Changes: deletes all rows of {table}.
DELETE FROM {table}

-- name: lake_views
-- Gives: the names of the views of a lake's files, in order.
SELECT view_name::VARCHAR FROM duckdb_views() WHERE starts_with(view_name, 'lake_') ORDER BY view_name

-- name: table_names
-- Takes: $name. Gives: the name if it is that of a table, no row if it is that of a view.
SELECT table_name::VARCHAR FROM duckdb_tables() WHERE table_name = $name ORDER BY table_name

-- name: drop_table
-- Changes: drops {table}, which a view replaces.
DROP TABLE {table}

-- name: drop_view
-- Changes: drops the view {table}.
DROP VIEW {table}

-- name: view_no_file
-- Reads: {table}, which is empty. Gives: lake_{table}, in other columns than those of files.
CREATE VIEW lake_{table} AS SELECT * FROM {table}

-- name: drop_other_days
-- Changes: drops other_day, the copy of another record.
DROP TABLE IF EXISTS other_day

-- name: other_day_count
-- Reads: lake_conversation_day. Gives: the number of rows of conversations with several ones, one row.
SELECT count(*)::BIGINT FROM lake_conversation_day WHERE has_other_rows

-- name: copy_other_days
-- Reads: lake_conversation_day. Gives: other_day, the rows of conversations with several ones, by day.
CREATE TABLE other_day AS
SELECT day, conversation_id, preview, footprint
FROM lake_conversation_day
WHERE has_other_rows
ORDER BY ALL

-- name: view_copied_days
-- Reads: lake_conversation_day, other_day. Gives: conversation_day as view_conversation_day does; has_other_rows is a
-- constant on either side, so that who asks for those rows opens no file.
CREATE VIEW conversation_day AS
SELECT
    day, conversation_id, preview, footprint, false AS has_other_rows, hash(conversation_id) AS conversation_key
FROM lake_conversation_day
WHERE NOT has_other_rows
UNION ALL
SELECT day, conversation_id, preview, footprint, true AS has_other_rows, hash(conversation_id) AS conversation_key
FROM other_day

-- name: view_event
-- Reads: lake_event. Gives: event, in the columns of a ledger.
CREATE VIEW event AS
SELECT
    coalesce(erased_key::BIT::UBIGINT, hash(source, event_id)) AS event_key, source, event_id, occurred_at, conversation_id, customer_id,
    actor::UTINYINT AS actor, kind::UTINYINT AS kind, touchpoint, bot_name, ticket_id, ticket_type, preview, attributes,
    append_no, sent_customer_id, coalesce(is_pulled, false) AS is_pulled, coalesce(is_erased, false) AS is_erased,
    coalesce(is_conversation_erased, false) AS is_conversation_erased
FROM lake_event

-- name: view_session
-- Reads: lake_session. Gives: session, in the columns of a ledger.
CREATE VIEW session AS
SELECT
    session_id::UUID AS session_id, policy, customer_id, conversation_id, source, opening_event_id, opening_touchpoint,
    started_at, ended_at, last_event_at, event_count, closed_by::UTINYINT AS closed_by, preview, footprint
FROM lake_session

-- name: view_participation
-- Reads: lake_participation. Gives: participation, in the columns of a ledger.
CREATE VIEW participation AS
SELECT session_id::UUID AS session_id, started_at, customer_id, conversation_id, touchpoint, event_count, preview
FROM lake_participation

-- name: view_conversation_day
-- Reads: lake_conversation_day. Gives: conversation_day, in the columns of a ledger.
CREATE VIEW conversation_day AS
SELECT day, conversation_id, preview, footprint, has_other_rows, hash(conversation_id) AS conversation_key
FROM lake_conversation_day

-- name: view_session_ticket
-- Reads: lake_session_ticket. Gives: session_ticket, in the columns of a ledger.
CREATE VIEW session_ticket AS
SELECT day, session_id::UUID AS session_id, conversation_id, ticket_id, ticket_type, footprint, preview
FROM lake_session_ticket

-- name: view_conversation_span
-- Reads: lake_conversation_span. Gives: conversation_span, in the columns of a ledger.
CREATE VIEW conversation_span AS
SELECT conversation_id, created_at, first_event_at, last_event_at, hash(conversation_id) AS conversation_key
FROM lake_conversation_span

-- name: view_conversation_ticket
-- Reads: lake_conversation_ticket. Gives: conversation_ticket, in the columns of a ledger.
CREATE VIEW conversation_ticket AS
SELECT conversation_id, ticket_id, ticket_type FROM lake_conversation_ticket

-- name: view_quarantine
-- Reads: lake_quarantine. Gives: quarantine, in the columns of a ledger; numbers that a ledger gave stay.
CREATE VIEW quarantine AS
SELECT
    coalesce(
        quarantine_no,
        (SELECT coalesce(max(quarantine_no), 0) FROM lake_quarantine)
        + row_number() OVER (PARTITION BY quarantine_no IS NULL ORDER BY append_no, position, code)
    ) AS quarantine_no,
    append_no, recorded_at, source, position,
    event_id, code, detail, raw, coalesce(is_pulled, false) AS is_pulled, accepted_no, discarded_at, discarded_by,
    discarded_for, again_nos
FROM lake_quarantine

-- name: ledger_event
-- Reads: event, touchpoint. Gives: the rows of the lake's event, with the columns of the scope key, in any order; a
-- ledger has them nearly in order of time.
SELECT
    e.source::VARCHAR AS source, e.event_id::VARCHAR AS event_id, e.occurred_at::BIGINT AS occurred_at,
    e.conversation_id::VARCHAR AS conversation_id, e.customer_id::VARCHAR AS customer_id, e.actor::INTEGER AS actor,
    e.kind::INTEGER AS kind, e.touchpoint::INTEGER AS touchpoint, e.bot_name::VARCHAR AS bot_name,
    e.ticket_id::VARCHAR AS ticket_id, e.ticket_type::VARCHAR AS ticket_type, e.preview::BOOLEAN AS preview,
    e.attributes::VARCHAR AS attributes, e.append_no::INTEGER AS append_no,
    e.sent_customer_id::VARCHAR AS sent_customer_id, nullif(e.is_pulled, false)::BOOLEAN AS is_pulled,
    nullif(e.is_erased, false)::BOOLEAN AS is_erased,
    nullif(e.is_conversation_erased, false)::BOOLEAN AS is_conversation_erased,
    CASE WHEN e.event_key <> hash(e.source, e.event_id) THEN e.event_key::BIT::BIGINT END AS erased_key,
    e.customer_id::VARCHAR AS key_customer_id, e.conversation_id::VARCHAR AS key_conversation_id,
    p.bot_id::VARCHAR AS key_bot_id, p.channel::VARCHAR AS key_channel
FROM event AS e
JOIN touchpoint AS p USING (touchpoint)

-- name: ledger_session
-- Reads: session, touchpoint. Gives: the rows of the lake's session, as ledger_event, in any order.
SELECT
    s.session_id::VARCHAR AS session_id, s.policy::INTEGER AS policy, s.customer_id::VARCHAR AS customer_id,
    s.conversation_id::VARCHAR AS conversation_id, s.source::VARCHAR AS source,
    s.opening_event_id::VARCHAR AS opening_event_id, s.opening_touchpoint::INTEGER AS opening_touchpoint,
    s.started_at::BIGINT AS started_at, s.ended_at::BIGINT AS ended_at, s.last_event_at::BIGINT AS last_event_at,
    s.event_count::INTEGER AS event_count, s.closed_by::INTEGER AS closed_by, s.preview::BOOLEAN AS preview,
    s.footprint::INTEGER AS footprint, s.customer_id::VARCHAR AS key_customer_id,
    s.conversation_id::VARCHAR AS key_conversation_id, p.bot_id::VARCHAR AS key_bot_id,
    p.channel::VARCHAR AS key_channel
FROM session AS s
JOIN touchpoint AS p ON p.touchpoint = s.opening_touchpoint

-- name: ledger_participation
-- Reads: participation, session, touchpoint. Gives: the rows of the lake's participation, with the key
-- of their session, in any order.
SELECT
    x.session_id::VARCHAR AS session_id, x.started_at::BIGINT AS started_at, x.customer_id::VARCHAR AS customer_id,
    x.conversation_id::VARCHAR AS conversation_id, x.touchpoint::INTEGER AS touchpoint,
    x.event_count::INTEGER AS event_count, x.preview::BOOLEAN AS preview, s.customer_id::VARCHAR AS key_customer_id,
    s.conversation_id::VARCHAR AS key_conversation_id, p.bot_id::VARCHAR AS key_bot_id,
    p.channel::VARCHAR AS key_channel
FROM participation AS x
JOIN session AS s USING (session_id)
JOIN touchpoint AS p ON p.touchpoint = s.opening_touchpoint

-- name: ledger_conversation_day
-- Reads: conversation_day. Gives: the rows of the lake's conversation_day, in any order.
SELECT
    day::DATE AS day, conversation_id::VARCHAR AS conversation_id, preview::BOOLEAN AS preview,
    footprint::INTEGER AS footprint, has_other_rows::BOOLEAN AS has_other_rows
FROM conversation_day

-- name: ledger_session_ticket
-- Reads: session_ticket. Gives: the rows of the lake's session_ticket, in any order.
SELECT
    day::DATE AS day, session_id::VARCHAR AS session_id, conversation_id::VARCHAR AS conversation_id,
    ticket_id::VARCHAR AS ticket_id, ticket_type::VARCHAR AS ticket_type, footprint::INTEGER AS footprint,
    preview::BOOLEAN AS preview
FROM session_ticket

-- name: ledger_conversation_span
-- Reads: conversation_span. Gives: one row per conversation for the lake's conversation_span, in any order.
SELECT
    conversation_id::VARCHAR AS conversation_id, min(created_at)::BIGINT AS created_at,
    min(first_event_at)::BIGINT AS first_event_at, max(last_event_at)::BIGINT AS last_event_at
FROM conversation_span
GROUP BY conversation_id

-- name: ledger_conversation_ticket
-- Reads: conversation_ticket. Gives: the rows of the lake's conversation_ticket, in any order.
SELECT
    conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id, ticket_type::VARCHAR AS ticket_type
FROM conversation_ticket

-- name: ledger_quarantine
-- Reads: quarantine. Gives: the rows of the lake's quarantine, in any order.
SELECT
    quarantine_no::BIGINT AS quarantine_no, append_no::INTEGER AS append_no, recorded_at::BIGINT AS recorded_at,
    source::VARCHAR AS source, position::BIGINT AS position, event_id::VARCHAR AS event_id, code::VARCHAR AS code, detail::VARCHAR AS detail,
    raw::BLOB AS raw, nullif(is_pulled, false)::BOOLEAN AS is_pulled, accepted_no::INTEGER AS accepted_no,
    discarded_at::BIGINT AS discarded_at, discarded_by::VARCHAR AS discarded_by,
    discarded_for::VARCHAR AS discarded_for, again_nos::INTEGER[] AS again_nos
FROM quarantine

-- name: ledger_receipt
-- Reads: receipt. Gives: the rows of the lake's receipt, which are of no input file, in order.
SELECT
    append_no::INTEGER AS append_no, recorded_at::BIGINT AS recorded_at, source::VARCHAR AS source,
    label::VARCHAR AS label, '' AS file, '' AS fingerprint, accepted::BIGINT AS accepted,
    duplicates::BIGINT AS duplicates, conflicts::BIGINT AS conflicts, rejected::BIGINT AS rejected,
    retry_of::INTEGER AS retry_of
FROM receipt
ORDER BY append_no

-- name: ledger_erased_key
-- Reads: event, erased_key. Gives: the rows of the lake's erased_key, in any order.
SELECT event_key::BIT::BIGINT AS event_key, occurred_at::BIGINT AS occurred_at, false AS has_event FROM erased_key
UNION ALL
SELECT event_key::BIT::BIGINT, occurred_at, true
FROM event
WHERE is_erased AND event_key <> hash(source, event_id)

-- name: ledger_rows
-- Reads: {table}, of which the lake has the same columns. Gives: its rows, in any order.
SELECT * FROM {table}

-- name: rename_view
-- Changes: the view {table} gets the name lake_view, so that a table can have its name.
ALTER VIEW {table} RENAME TO lake_view

-- name: copy_view
-- Reads: lake_view. Changes: adds its rows to {table}, in order of {order}.
INSERT INTO {table} BY NAME SELECT * FROM lake_view ORDER BY {order}

-- name: leave_lake
-- Changes: meta no longer has the record that the account serves.
DELETE FROM meta WHERE name = 'lake'
