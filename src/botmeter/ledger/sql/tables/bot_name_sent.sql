-- Gives: bot_name_sent, one row per bot that events name: its name as of its latest event that bears one.
CREATE TABLE bot_name_sent (
    bot_id   VARCHAR PRIMARY KEY,
    bot_name VARCHAR NOT NULL,
    named_at BIGINT  NOT NULL -- µs UTC of that event
)
