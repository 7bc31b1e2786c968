-- Reads: source_term. Takes: $source (null: every one). Gives: the versions of sources' settings, in order.
SELECT recorded_at::BIGINT, source::VARCHAR, platform::VARCHAR, settings::VARCHAR, is_removed::BOOLEAN, set_by::VARCHAR
FROM source_term
WHERE $source IS NULL OR source = $source
ORDER BY rowid
