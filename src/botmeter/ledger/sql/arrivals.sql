-- Reads: arrival. Takes: nothing.
-- Gives: the first submission in it, how many events, their first and last instant (µs UTC), how many of them name a
-- ticket, and how many a bot's name, one row.
SELECT
    min(append_no)::INTEGER, count(*)::BIGINT, min(occurred_at)::BIGINT, max(occurred_at)::BIGINT,
    count(ticket_id)::BIGINT, count(bot_name)::BIGINT
FROM arrival
