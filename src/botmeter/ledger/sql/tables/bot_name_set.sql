-- Gives: bot_name_set, one row per name that a person gave to a bot, in the order in which they did; rows are only
-- ever added, and the last one of a bot is in force.
CREATE TABLE bot_name_set (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    bot_id      VARCHAR NOT NULL,
    bot_name    VARCHAR NOT NULL, -- empty: the name was taken back
    set_by      VARCHAR           -- who; null: not known
)
