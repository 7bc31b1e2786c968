-- Reads: session. Takes: nothing. Gives: old_session, every session as it was.
CREATE OR REPLACE TEMP TABLE old_session AS SELECT * FROM session
