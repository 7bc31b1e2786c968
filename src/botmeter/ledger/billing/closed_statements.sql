-- name: statements
-- Reads: statement. Takes: nothing. Gives: the closed statements in the order of closing.
SELECT
    statement_no::INTEGER, number::VARCHAR, cycle_start::BIGINT, cycle_end::BIGINT, closed_at::BIGINT,
    closed_by::VARCHAR, currency::VARCHAR, document::BLOB, sha256::VARCHAR, fingerprints::VARCHAR
FROM statement
ORDER BY statement_no

-- name: closed_ends
-- Reads: statement. Takes: nothing. Gives: start and end of each closed cycle (µs UTC), in that order.
SELECT DISTINCT cycle_start::BIGINT, cycle_end::BIGINT FROM statement ORDER BY ALL

-- name: insert_statement
-- Takes: ? for each column of statement, in order. Changes: adds the row to statement.
INSERT INTO statement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_sessions
-- Reads: input_rows, a session list with change and reason, in its order. Takes: $statement_no, $cycle_start. Changes: adds
-- the rows to statement_session.
INSERT INTO statement_session
SELECT $statement_no, $cycle_start, meter, policy, opening_key, started_at, bot_id, channel, funding, change, reason
FROM input_rows

-- name: statement_sessions
-- Reads: statement_session. Takes: $statement_no, $cycle_start (null: any), $is_own (of the statement's own cycle, or those
-- that it adjusts). Gives: the rows by cycle, meter, start and opening event.
SELECT
    meter::INTEGER AS meter, policy::VARCHAR AS policy, opening_key::UBIGINT AS opening_key, started_at::BIGINT AS started_at,
    bot_id::VARCHAR AS bot_id, channel::VARCHAR AS channel, funding::VARCHAR AS funding, change::VARCHAR AS change,
    reason::VARCHAR AS reason
FROM statement_session
WHERE statement_no = $statement_no::INTEGER
    AND ($cycle_start::BIGINT IS NULL OR cycle_start = $cycle_start::BIGINT)
    AND (change IS NULL) = $is_own::BOOLEAN
ORDER BY cycle_start, meter, started_at, opening_key, policy

-- name: stated_sessions
-- Reads: statement_session. Takes: $cycle_start (µs UTC). Gives: the sessions of a closed cycle as its statement and the
-- adjustments since have them, by meter, start and opening event.
WITH adjusted AS (
    SELECT * FROM statement_session
    WHERE cycle_start = $cycle_start::BIGINT AND change IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY meter, policy, opening_key ORDER BY statement_no DESC) = 1
),
stated AS (
    SELECT * FROM statement_session AS s
    WHERE s.cycle_start = $cycle_start::BIGINT
        AND s.change IS NULL
        AND NOT EXISTS (
            FROM adjusted AS a
            WHERE a.meter = s.meter AND a.policy IS NOT DISTINCT FROM s.policy AND a.opening_key = s.opening_key
        )
    UNION ALL
    SELECT * FROM adjusted WHERE funding <> 'none'
)
SELECT
    meter::INTEGER AS meter, policy::VARCHAR AS policy, opening_key::UBIGINT AS opening_key, started_at::BIGINT AS started_at,
    bot_id::VARCHAR AS bot_id, channel::VARCHAR AS channel, funding::VARCHAR AS funding
FROM stated
ORDER BY meter, started_at, opening_key, policy

-- name: stated_funding
-- Reads: statement_session. Takes: $cycle_start, $started_at (µs UTC), $opening_key, $policy.
-- Gives: how statements fund the account's own session of this opening event, by meter: the number of the statement's row,
-- the meter, the funding.
SELECT statement_no::INTEGER, meter::INTEGER, funding::VARCHAR
FROM statement_session
WHERE cycle_start = $cycle_start::BIGINT
    AND started_at = $started_at::BIGINT
    AND opening_key = $opening_key::UBIGINT
    AND (policy IS NULL OR policy = $policy::VARCHAR)
QUALIFY row_number() OVER (PARTITION BY meter ORDER BY statement_no DESC) = 1
ORDER BY meter

-- name: last_numbers
-- Reads: the tables of billing facts, receipt, delivery. Takes: nothing. Gives: the last number of each kind of fact, one row.
SELECT
    greatest(
        (SELECT coalesce(max(append_no), 0) FROM receipt), (SELECT coalesce(max(append_no), 0) FROM delivery)
    )::INTEGER AS appends,
    (SELECT coalesce(max(term_no), 0) FROM plan_term)::INTEGER AS plan_terms,
    (SELECT coalesce(max(purchase_no), 0) FROM purchase)::INTEGER AS purchases,
    (SELECT coalesce(max(removal_no), 0) FROM pack_removal)::INTEGER AS removals,
    (SELECT coalesce(max(balance_no), 0) FROM opening_balance)::INTEGER AS opening_balances,
    (SELECT coalesce(max(correction_no), 0) FROM correction)::INTEGER AS corrections

-- name: changed_from
-- Reads: the tables of billing facts. Takes: $plan_terms, $purchases, $removals, $opening_balances, $corrections (last
-- numbers of then). Gives: the earliest instant for which a fact was recorded since (µs UTC; null: none), one row.
SELECT least(
    (SELECT min(from_at) FROM plan_term WHERE term_no > $plan_terms),
    (SELECT min(from_at) FROM purchase WHERE purchase_no > $purchases),
    (SELECT min(from_at) FROM pack_removal WHERE removal_no > $removals),
    (SELECT min(as_of) FROM opening_balance WHERE balance_no > $opening_balances),
    (SELECT min(started_at) FROM correction WHERE correction_no > $corrections)
)::BIGINT

-- name: fingerprint
-- Reads: session, plan_session. Takes: $start, $end (µs UTC). Gives: a hash of a cycle's sessions, so that one in which none
-- changed need not be read, one row. Erased ids change it too.
SELECT (count(*) || ':' || coalesce(bit_xor(h), 0))::VARCHAR
FROM (
    SELECT hash(session_id, opening_touchpoint, preview) AS h
    FROM session
    WHERE started_at >= $start AND started_at < $end
    UNION ALL
    SELECT hash(policy, session_id, opening_touchpoint, preview)
    FROM plan_session
    WHERE started_at >= $start AND started_at < $end
)

-- name: session_origins
-- Reads: input_rows (opening_key, started_at), event, rekeyed_event, restatement. Takes: $since (µs UTC).
-- Gives: per row the submission that brought its opening event (null: it is no event any more), and the causes of the
-- restatements of its day since then; in the order of the input.
WITH numbered AS (
    SELECT row_number() OVER () AS position, i.opening_key, i.started_at, coalesce(r.event_key, i.opening_key) AS event_key
    FROM input_rows AS i
    LEFT JOIN rekeyed_event AS r ON r.opening_key = i.opening_key
),
causes AS (
    SELECT day, list(DISTINCT cause ORDER BY cause) AS causes FROM restatement WHERE recorded_at >= $since GROUP BY day
)
SELECT any_value(e.append_no)::INTEGER, coalesce(any_value(c.causes), [])::UTINYINT[]
FROM numbered AS n
LEFT JOIN event AS e ON e.event_key = n.event_key AND e.occurred_at = n.started_at
LEFT JOIN causes AS c ON c.day = DATE '1970-01-01' + (n.started_at // 86400000000)::INTEGER
GROUP BY n.position
ORDER BY n.position
