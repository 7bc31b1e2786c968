-- name: simulated_participation
-- Reads: simulated_session, simulated_part. Gives: participation, in place of the ledger's: that of the simulated
-- sessions, one row per session × conversation × touchpoint.
CREATE OR REPLACE TEMP VIEW participation AS
SELECT
    session.session_id::UUID      AS session_id,
    session.started_at::BIGINT    AS started_at,
    session.customer_id::VARCHAR  AS customer_id,
    part.conversation_id::VARCHAR AS conversation_id,
    part.touchpoint::INTEGER      AS touchpoint,
    part.event_count::BIGINT      AS event_count,
    session.preview::BOOLEAN      AS preview
FROM simulated_part AS part
JOIN simulated_session AS session ON session.session_row = part.session_row

-- name: matching_sessions
-- Reads: simulated_session, matching. Gives: the rows of the matching sessions, ascending.
SELECT session.session_row::BIGINT AS session_row
FROM simulated_session AS session
WHERE session.session_id::UUID IN (SELECT session_id FROM matching)
ORDER BY session.session_row
