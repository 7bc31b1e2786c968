-- Reads: staged_session. Takes: nothing. Gives: these in session, in order of time.
INSERT INTO session
SELECT * FROM staged_session ORDER BY started_at
