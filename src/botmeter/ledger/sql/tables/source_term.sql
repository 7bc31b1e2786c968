-- Gives: source_term, one row per version of a source's settings; rows are only ever added, and the last one of a
-- source is in force.
CREATE TABLE source_term (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    platform    VARCHAR NOT NULL,
    settings    VARCHAR NOT NULL, -- bot, version, channel, identities and options, as JSON
    is_removed  BOOLEAN NOT NULL, -- from now on the account has no such source; its events stay
    set_by      VARCHAR           -- who; null: not known
)
