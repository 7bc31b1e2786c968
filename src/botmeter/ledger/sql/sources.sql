-- Reads: source_term. Takes: $source (null: every one).
-- Gives: platform and settings of each source as they are now, one row per source that was not removed, by name.
SELECT source::VARCHAR, platform::VARCHAR, settings::VARCHAR
FROM (
    SELECT *
    FROM source_term
    WHERE $source IS NULL OR source = $source
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY rowid DESC) = 1
)
WHERE NOT is_removed
ORDER BY source
