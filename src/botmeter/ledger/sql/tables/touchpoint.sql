-- Gives: touchpoint, one row per bot × version × channel ever seen.
CREATE TABLE touchpoint (
    touchpoint  INTEGER NOT NULL, -- from 0, in order of first sight
    bot_id      VARCHAR,          -- null: no bot took part
    bot_version VARCHAR,
    channel     VARCHAR NOT NULL
)
