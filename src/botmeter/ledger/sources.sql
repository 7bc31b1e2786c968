-- name: sources
-- Reads: source_term. Takes: $source (null: all).
-- Gives: present platform and settings, one row per source that was not removed, by name.
SELECT source::VARCHAR, platform::VARCHAR, settings::VARCHAR
FROM (
    SELECT *
    FROM source_term
    WHERE $source IS NULL OR source = $source
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY rowid DESC) = 1
)
WHERE NOT is_removed
ORDER BY source

-- name: removed_sources
-- Reads: source_term. Takes: nothing. Gives: the names of sources that were removed, by name.
SELECT source::VARCHAR FROM source_term GROUP BY source HAVING arg_max(is_removed, rowid) ORDER BY source

-- name: source_terms
-- Reads: source_term. Takes: $source (null: all), $last (a number; null: all).
-- Gives: the versions of sources' settings, the last one first.
SELECT recorded_at::BIGINT, source::VARCHAR, platform::VARCHAR, settings::VARCHAR, is_removed::BOOLEAN, set_by::VARCHAR
FROM source_term
WHERE $source IS NULL OR source = $source
ORDER BY rowid DESC
LIMIT coalesce($last, 9223372036854775807)

-- name: insert_source_term
-- Takes: ? for each column of source_term, in order. Changes: adds the row to source_term, in force from now on.
INSERT INTO source_term VALUES (?, ?, ?, ?, ?, ?)
