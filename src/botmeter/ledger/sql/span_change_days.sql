-- Reads: span_change. Takes: nothing. Gives: in touched_day, the days of those rows.
INSERT INTO touched_day
SELECT DISTINCT day FROM span_change
