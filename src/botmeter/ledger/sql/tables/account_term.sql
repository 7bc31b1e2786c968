-- Gives: account_term, one row per version of the account's settings; the last one is in force.
CREATE TABLE account_term (
    recorded_at    BIGINT  NOT NULL, -- µs UTC
    name           VARCHAR NOT NULL,
    available_from DATE    NOT NULL  -- earlier events are quarantined
)
