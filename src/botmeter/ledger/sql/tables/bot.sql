-- Gives: bot, one row per bot: its name as of its latest event that bears one.
CREATE TABLE bot (
    bot_id   VARCHAR PRIMARY KEY,
    bot_name VARCHAR NOT NULL,
    named_at BIGINT  NOT NULL -- µs UTC of that event
)
