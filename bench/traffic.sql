-- Gives: {event_count} events in the columns of the contract, one row per event, in order of time.
-- Every value follows from hashes of the numbers of conversation and event: no seed, no state.
WITH conversation AS (
    SELECT
        c,
        (hash(c, 'customer') % {customer_count})::BIGINT AS customer,
        -- The day by the number of the conversation, the hour with more of them in the afternoon.
        (c * {days}) // {conversation_count} AS day,
        (hash(c, 'h1') % 43200 + hash(c, 'h2') % 43200)::BIGINT AS second_of_day,
        (1 + hash(c, 'length') % (2 * {mean} - 1))::BIGINT AS length,
        (hash(c, 'bot') % 6)::BIGINT AS bot,
        (hash(c, 'channel') % 6)::BIGINT AS channel,
        (hash(c, 'story') % 1000)::BIGINT AS story
    FROM (SELECT unnest(range({conversation_count})) AS c)
),
event AS (
    SELECT
        *,
        unnest(range(length)) AS i,
        -- One conversation in twenty is taken up again hours later.
        CASE WHEN story % 20 = 7 THEN 7200 ELSE 40 END AS gap
    FROM conversation
),
detailed AS (
    SELECT
        *,
        (day * 86400 + second_of_day + i * gap) * 1000000 + (hash(c, i, 'us') % 30000000)::BIGINT AS after_us,
        -- One conversation in ten is passed on to a second bot, one in ten to an agent at its end.
        CASE WHEN story % 10 = 3 AND i * 2 >= length THEN (bot + 1) % 6 ELSE bot END AS the_bot,
        story % 10 = 4 AND i > 2 AS is_agents,
        i + 1 = length AS is_last
    FROM event
)
SELECT
    md5(c || '/' || i)::UUID::VARCHAR AS event_id,
    make_timestamptz(epoch_us(TIMESTAMP '{first_on}') + after_us) AS occurred_at,
    md5('conversation' || c)::UUID::VARCHAR AS conversation_id,
    'customer-' || lpad(customer::VARCHAR, 8, '0') AS customer_id,
    CASE
        WHEN i % 2 = 0 THEN 'customer'
        WHEN is_agents THEN 'agent'
        ELSE 'bot'
    END AS actor,
    CASE
        WHEN is_last AND i > 1 AND story < 30 THEN 'ticket_linked'
        WHEN is_last AND i > 1 AND story < 300 THEN 'resolved'
        ELSE 'message'
    END AS kind,
    CASE WHEN is_agents THEN NULL ELSE 'bot-' || the_bot END AS bot_id,
    CASE WHEN is_agents THEN NULL ELSE 'Bot number ' || the_bot END AS bot_name,
    CASE WHEN is_agents THEN NULL ELSE 'v' || (1 + (day + 50 * the_bot) // 340) END AS bot_version,
    ['web', 'whatsapp', 'ios', 'android', 'messenger', 'email'][1 + channel] AS channel,
    CASE WHEN is_last AND i > 1 AND story < 30 THEN 'ticket-' || c END AS ticket_id,
    CASE WHEN is_last AND i > 1 AND story < 30 THEN ['refund', 'delivery', 'invoice', 'other'][1 + story % 4] END AS ticket_type,
    story % 500 = 250 AS preview,
    CASE WHEN story % 50 = 1 THEN '{{"campaign": "spring"}}' END::JSON AS attributes
FROM detailed
ORDER BY occurred_at, event_id
LIMIT {event_count}
