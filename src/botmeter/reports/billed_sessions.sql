-- name: corrected
-- Reads: correction, rekeyed_event, event, session, participation.
-- Takes: $start_us (µs UTC, of the earliest session), $customer_policies (positions of policies whose scope has the
-- customer). Gives: corrected, one row per correction in force of an event from then on: its number, kind, and the
-- session that has its event (null: none does).
CREATE OR REPLACE TEMP TABLE corrected AS
WITH named AS (
    SELECT
        correction.correction_no, correction.kind, correction.started_at, event.source, event.event_id,
        event.customer_id, event.conversation_id, event.touchpoint
    FROM correction
    LEFT JOIN rekeyed_event ON rekeyed_event.opening_key = correction.opening_key
    LEFT JOIN event
        ON event.occurred_at = correction.started_at
        AND event.event_key = coalesce(rekeyed_event.event_key, correction.opening_key)
    WHERE correction.undoes IS NULL
        AND correction.correction_no NOT IN (SELECT undoes FROM correction WHERE undoes IS NOT NULL)
        AND correction.started_at >= $start_us::BIGINT
),
opened AS (
    SELECT named.correction_no, session.session_id
    FROM named
    JOIN session
        ON session.started_at = named.started_at
        AND session.source = named.source
        AND session.opening_event_id = named.event_id
),
-- The sessions of one scope key don't overlap, so an event is in the last one that began before it.
joined AS (
    SELECT named.correction_no, arg_max(session.session_id, session.started_at) AS session_id
    FROM (SELECT * FROM named WHERE correction_no NOT IN (SELECT correction_no FROM opened)) AS named
    JOIN participation
        ON participation.conversation_id = named.conversation_id
        AND participation.touchpoint = named.touchpoint
        AND participation.started_at <= named.started_at
    JOIN session
        ON session.session_id = participation.session_id
        AND session.started_at = participation.started_at
        AND session.last_event_at >= named.started_at
    WHERE participation.started_at >= $start_us::BIGINT
        AND session.started_at >= $start_us::BIGINT
        AND (
            session.customer_id = named.customer_id
            OR NOT list_contains($customer_policies::INTEGER[], session.policy)
        )
    GROUP BY named.correction_no
)
SELECT named.correction_no, named.kind, coalesce(opened.session_id, joined.session_id) AS session_id
FROM named
LEFT JOIN opened USING (correction_no)
LEFT JOIN joined USING (correction_no)

-- name: none_corrected
-- Gives: corrected, empty: for an account without corrections from then on, where finding their sessions takes longer
-- than all else.
CREATE OR REPLACE TEMP TABLE corrected AS
SELECT NULL::INTEGER AS correction_no, NULL::VARCHAR AS kind, NULL::UUID AS session_id WHERE false

-- name: billed_sessions
-- Reads: session, event, rekeyed_event, corrected. Takes: $start_us, $end_us (µs UTC).
-- Gives: the sessions that started between them, one row each, with the key of the opening event, which is the event's
-- hash unless it is erased or was given by an earlier DuckDB; in rating order: by start and key.
-- `charge` is 1 if the last correction that applies voids the session, 2 if it marks a test, else 0.
SELECT
    coalesce(
        rekeyed_event.opening_key,
        erased.event_key,
        hash(session.source, session.opening_event_id)
    )::UBIGINT                          AS opening_key,
    session.started_at::BIGINT          AS started_at,
    session.ended_at::BIGINT            AS ended_at,
    session.session_id::VARCHAR         AS session_id,
    session.opening_touchpoint::INTEGER AS opening_touchpoint,
    session.preview::BOOLEAN            AS preview,
    CASE applied.kind WHEN 'void' THEN 1 WHEN 'test' THEN 2 ELSE 0 END::UTINYINT AS charge
FROM session
LEFT JOIN (
    SELECT source, event_id, event_key
    FROM event
    WHERE is_erased AND occurred_at >= $start_us::BIGINT AND occurred_at < $end_us::BIGINT
) AS erased
    ON erased.source = session.source AND erased.event_id = session.opening_event_id
LEFT JOIN rekeyed_event
    ON rekeyed_event.event_key = coalesce(erased.event_key, hash(session.source, session.opening_event_id))
LEFT JOIN (
    SELECT session_id, arg_max(kind, correction_no) AS kind
    FROM corrected
    WHERE session_id IS NOT NULL
    GROUP BY session_id
) AS applied
    ON applied.session_id = session.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
ORDER BY session.started_at, opening_key

-- name: without_session
-- Reads: corrected. Takes: nothing. Gives: the numbers of the corrections that no session has, in order.
SELECT correction_no::INTEGER FROM corrected WHERE session_id IS NULL ORDER BY correction_no

-- name: session_count
-- Reads: session_usage, session. Takes: $first_on, $last_on, $first_part_start_us, $first_part_end_us,
-- $second_part_start_us, $second_part_end_us (µs UTC). Gives: the number of sessions that started on these UTC days or in
-- the two partial ones, one row.
SELECT (
    (
        SELECT coalesce(sum(session_count), 0)
        FROM session_usage
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    )
    + (
        SELECT count(*)
        FROM session
        WHERE started_at >= $first_part_start_us::BIGINT AND started_at < $first_part_end_us::BIGINT
    )
    + (
        SELECT count(*)
        FROM session
        WHERE started_at >= $second_part_start_us::BIGINT AND started_at < $second_part_end_us::BIGINT
    )
)::BIGINT
