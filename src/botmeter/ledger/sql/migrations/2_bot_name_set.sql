-- Gives: bot_name_set, one row per name that a person gave to a bot, in the order in which they did; as of version 2.
CREATE TABLE bot_name_set (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    bot_id      VARCHAR NOT NULL,
    bot_name    VARCHAR NOT NULL, -- empty: the name was taken back
    set_by      VARCHAR           -- who; null: not known
)
