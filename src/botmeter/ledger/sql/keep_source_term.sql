-- Reads: nothing. Takes: $now (µs UTC), $source, $platform, $settings (JSON), $removed, $by (null: not known).
-- Gives: source_term, one row more: from now on the source is so.
INSERT INTO source_term (recorded_at, source, platform, settings, is_removed, set_by)
VALUES ($now, $source, $platform, $settings, $removed, $by)
