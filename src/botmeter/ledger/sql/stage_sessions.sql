-- Reads: session. Takes: nothing. Gives: staged_session, empty, for sessions that are not in order of time yet.
CREATE OR REPLACE TEMP TABLE staged_session AS SELECT * FROM session LIMIT 0
