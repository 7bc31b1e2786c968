-- Reads: arrival. Takes: nothing. Gives: its events in event, in the order in which they were taken in.
INSERT INTO event
SELECT * EXCLUDE (received_at) FROM arrival
