-- Gives: meta, one row per fact about the file itself (schema_version, hash_probe, created_at).
CREATE TABLE meta (
    name  VARCHAR NOT NULL,
    value VARCHAR NOT NULL
)
