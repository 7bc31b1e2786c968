-- Reads: participation. Takes: nothing. Gives: staged_participation, empty, likewise.
CREATE OR REPLACE TEMP TABLE staged_participation AS SELECT * FROM participation LIMIT 0
