-- Gives: conversation_usage, how many conversations have one row in conversation_day, by what it says.
-- The few that have more are not in it: they are counted from conversation_day where `spans`.
CREATE TABLE conversation_usage (
    day                DATE    NOT NULL,
    footprint          INTEGER NOT NULL,
    preview            BOOLEAN NOT NULL,
    conversation_count BIGINT  NOT NULL
)
