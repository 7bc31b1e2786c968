-- Gives: account_term, one row per version of the account's settings; rows are only ever added, and the last one is in
-- force.
CREATE TABLE account_term (
    recorded_at    BIGINT  NOT NULL, -- µs UTC
    name           VARCHAR NOT NULL,
    available_from DATE    NOT NULL, -- earlier events are quarantined
    title          VARCHAR,          -- what people call the account; null: its name
    set_by         VARCHAR           -- who; null: not known
)
