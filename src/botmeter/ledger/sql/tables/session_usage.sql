-- Gives: session_usage, the additive usage: how many sessions started on a day with one footprint,
-- opened at one touchpoint. Distinct sessions for any filter and split are plain sums over it.
CREATE TABLE session_usage (
    day                DATE    NOT NULL,
    footprint          INTEGER NOT NULL,
    opening_touchpoint INTEGER NOT NULL,
    preview            BOOLEAN NOT NULL,
    session_count      BIGINT  NOT NULL
)
