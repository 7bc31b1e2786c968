-- Reads: affected. Takes: nothing.
-- Gives: restart (key, restart_at) that meters each affected key from its very first event again.
CREATE OR REPLACE TEMP TABLE restart AS
SELECT key, (-4611686018427387904)::BIGINT AS restart_at FROM affected
