-- Reads: source_term. Takes: $source (null: every one), $last (how many; null: all).
-- Gives: the versions of sources' settings, the last one first.
SELECT recorded_at::BIGINT, source::VARCHAR, platform::VARCHAR, settings::VARCHAR, is_removed::BOOLEAN, set_by::VARCHAR
FROM source_term
WHERE $source IS NULL OR source = $source
ORDER BY rowid DESC
LIMIT coalesce($last, 9223372036854775807)
