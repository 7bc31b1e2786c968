-- Reads: matching. Takes: $page_sessions. Gives: matching, those of its rows that belong to the sessions.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT *
FROM matching
WHERE session_id IN (SELECT unnest($page_sessions::UUID[]))
