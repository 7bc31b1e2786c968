-- Reads: session. Takes: nothing. Gives: old_session, every session as it was.
CREATE OR REPLACE TEMP TABLE old_session AS SELECT session_id, started_at, customer_id, conversation_id, opening_touchpoint FROM session
