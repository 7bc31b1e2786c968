-- Reads: staged_participation. Takes: nothing. Gives: these in participation, in order of time.
INSERT INTO participation
SELECT * FROM staged_participation ORDER BY started_at
