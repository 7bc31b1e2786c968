-- name: corrected_events
-- Reads: correction, rekeyed_event, event, touchpoint. Takes: $start_us (µs UTC).
-- Gives: corrected_event, one row per correction in force of an event from then on: number, kind, time, and the event,
-- whose columns are null if it left with an undone import.
CREATE OR REPLACE TEMP TABLE corrected_event AS
SELECT
    correction.correction_no, correction.kind, correction.started_at, event.source, event.event_id,
    event.customer_id, event.conversation_id, event.touchpoint, touchpoint.bot_id, touchpoint.channel,
    event.kind AS event_kind
FROM correction
LEFT JOIN rekeyed_event ON rekeyed_event.opening_key = correction.opening_key
LEFT JOIN event
    ON event.occurred_at = correction.started_at
    AND event.event_key = coalesce(rekeyed_event.event_key, correction.opening_key)
LEFT JOIN touchpoint ON touchpoint.touchpoint = event.touchpoint
WHERE correction.undoes IS NULL
    AND correction.correction_no NOT IN (SELECT undoes FROM correction WHERE undoes IS NOT NULL)
    AND correction.started_at >= $start_us::BIGINT

-- name: corrected
-- Reads: corrected_event, {sessions}. Takes: $policy (of a plan). Gives: corrected, one row per correction whose event
-- opens a session: its number, kind, and the session.
CREATE OR REPLACE TEMP TABLE corrected AS
SELECT corrected_event.correction_no, corrected_event.kind, session.session_id
FROM corrected_event
JOIN {sessions} AS session
    ON session.started_at = corrected_event.started_at
    AND session.source = corrected_event.source
    AND session.opening_event_id = corrected_event.event_id

-- name: none_corrected
-- Gives: corrected, empty: for an account without corrections from then on, where finding their sessions takes longer
-- than all else.
CREATE OR REPLACE TEMP TABLE corrected AS
SELECT NULL::INTEGER AS correction_no, NULL::VARCHAR AS kind, NULL::UUID AS session_id WHERE false

-- name: insert_corrected
-- Reads: corrected_event, corrected, {keyed}, event. Takes: $policy, $start_us (µs UTC, of the earliest session),
-- $touchpoints (that the policy counts), $kind_ranks (domain.event.KIND_RANK); {key}. Changes: adds to corrected the
-- other corrections, with the session under the policy that has their event. Those of one scope key don't overlap, so
-- it is the last one that an event up to it opens, in the meter's order.
INSERT INTO corrected
SELECT correction_no, kind, arg_max(session_id, opening_place)
FROM (
    SELECT
        named.correction_no, named.kind, named.place, held.session_id,
        (opening.occurred_at, ($kind_ranks::INTEGER[])[opening.kind + 1], opening.event_id, opening.source) AS opening_place
    FROM (
        SELECT
            x.correction_no, x.kind, x.started_at,
            (x.started_at, ($kind_ranks::INTEGER[])[x.event_kind + 1], x.event_id, x.source) AS place, {key} AS key
        FROM corrected_event AS x
        WHERE x.correction_no NOT IN (SELECT correction_no FROM corrected)
            AND list_contains($touchpoints::INTEGER[], x.touchpoint)
    ) AS named
    JOIN (
        SELECT x.session_id, x.started_at, x.last_event_at, x.opening_event_id, x.source, {key} AS key
        FROM {keyed} AS x
        WHERE x.policy = $policy AND x.started_at >= $start_us::BIGINT
    ) AS held
        ON held.key = named.key
        AND held.started_at <= named.started_at
        AND held.last_event_at >= named.started_at
    JOIN event AS opening
        ON opening.occurred_at = held.started_at
        AND opening.event_id = held.opening_event_id
        AND opening.source = held.source
) AS found
WHERE opening_place <= place
GROUP BY correction_no, kind

-- name: plan_sessions
-- Reads: plan_session. Takes: $policy (its label). Gives: the sessions under a policy of a plan, in any order.
SELECT * FROM plan_session WHERE policy = $policy

-- name: billed_sessions
-- Reads: {sessions}, event, rekeyed_event, corrected. Takes: $start_us, $end_us (µs UTC), $policy (of a plan).
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
FROM {sessions} AS session
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
    GROUP BY session_id
) AS applied
    ON applied.session_id = session.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
ORDER BY session.started_at, opening_key

-- name: billed_starts
-- Reads: {sessions}, corrected. Takes: $start_us, $end_us (µs UTC), $policy (of a plan).
-- Gives: start, preview and charge of the sessions of `billed_sessions`, by start.
SELECT
    session.started_at::BIGINT AS started_at,
    session.preview::BOOLEAN   AS preview,
    CASE applied.kind WHEN 'void' THEN 1 WHEN 'test' THEN 2 ELSE 0 END::UTINYINT AS charge
FROM {sessions} AS session
LEFT JOIN (
    SELECT session_id, arg_max(kind, correction_no) AS kind
    FROM corrected
    GROUP BY session_id
) AS applied
    ON applied.session_id = session.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
ORDER BY session.started_at

-- name: without_session
-- Reads: corrected_event, corrected. Takes: nothing. Gives: the numbers of the corrections that no session has, in order.
SELECT correction_no::INTEGER
FROM corrected_event
WHERE correction_no NOT IN (SELECT correction_no FROM corrected)
ORDER BY correction_no

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
