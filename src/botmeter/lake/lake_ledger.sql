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
SELECT append_no, recorded_at, source, label, accepted, duplicates, conflicts, rejected, NULL
FROM input_rows
ORDER BY append_no

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
    hash(source, event_id) AS event_key, source, event_id, occurred_at, conversation_id, customer_id,
    actor::UTINYINT AS actor, kind::UTINYINT AS kind, touchpoint, bot_name, ticket_id, ticket_type, preview, attributes,
    append_no, NULL::VARCHAR AS sent_customer_id, false AS is_pulled, false AS is_erased,
    false AS is_conversation_erased
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
-- Reads: lake_quarantine. Gives: quarantine, in the columns of a ledger, all waiting.
CREATE VIEW quarantine AS
SELECT
    row_number() OVER (ORDER BY append_no, position, code) AS quarantine_no, append_no, recorded_at, source, position,
    event_id, code, detail, raw, false AS is_pulled, NULL::INTEGER AS accepted_no, NULL::BIGINT AS discarded_at,
    NULL::VARCHAR AS discarded_by, NULL::VARCHAR AS discarded_for, NULL::INTEGER[] AS again_nos
FROM lake_quarantine
