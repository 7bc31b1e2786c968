-- name: tickets_from_rows
-- Reads: session_ticket, matching. Takes: $first_on, $last_on, $origin_us, $step_us (length),
-- {ticket_conditions}.
-- Gives: as tickets_from_usage; in place of the day, the step from the origin on in which the session started; in any
-- order.
SELECT
    ((pair.started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    session_ticket.session_id::VARCHAR                                   AS session_id,
    session_ticket.ticket_id::VARCHAR                                    AS ticket_id,
    session_ticket.ticket_type::VARCHAR                                  AS ticket_type
FROM session_ticket
JOIN (SELECT DISTINCT started_at, session_id, conversation_id FROM matching) AS pair
    ON pair.session_id = session_ticket.session_id
    AND pair.conversation_id = session_ticket.conversation_id
WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
    AND {ticket_conditions}

-- name: conversations_outside
-- Reads: participation. Takes: $start_us, $end_us, $preview; {row_conditions}.
-- Gives: one row, the number of matching conversations. Used where sessions are excluded, since usage counts
-- conversations by their own touchpoints, not by those of their sessions.
SELECT count(DISTINCT conversation_id)::BIGINT AS conversation_count
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {row_conditions}

-- name: conversations_from_rows
-- Reads: matching. Gives: one row, the number of matching conversations.
SELECT count(DISTINCT conversation_id)::BIGINT AS conversation_count
FROM matching

-- name: members_from_rows
-- Reads: matching.
-- Gives: one row per touchpoint of each footprint, in any order; each session has a footprint of its own, that of its
-- matching rows.
SELECT DISTINCT
    dense_rank() OVER (ORDER BY started_at, session_id)::BIGINT AS footprint,
    touchpoint::BIGINT                                          AS touchpoint
FROM matching

-- name: sessions_from_rows
-- Reads: matching, session. Takes: $start_us, $end_us, $origin_us, $step_us (length).
-- Gives: as sessions_from_usage, one row per session; its footprint is numbered as in members_from_rows. In
-- place of the day, the step from the origin on in which it started.
WITH numbered AS (
    SELECT
        session_id,
        row_number() OVER (ORDER BY started_at, session_id) AS footprint
    FROM (SELECT DISTINCT started_at, session_id FROM matching)
)
SELECT
    ((session.started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    numbered.footprint::BIGINT                                              AS footprint,
    session.opening_touchpoint::BIGINT                                      AS opening_touchpoint,
    session.preview::BIGINT                                                 AS preview,
    1::BIGINT                                                               AS session_count
FROM numbered
JOIN session ON session.session_id = numbered.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT

-- name: conversations_from_usage
-- Reads: conversation_usage, conversation_day, participation. Takes: $first_on, $last_on,
-- $first_part_start_us, $first_part_end_us, $second_part_start_us, $second_part_end_us, $footprints (null: all),
-- $touchpoints (null: all), $preview.
-- Gives: one row, the number of matching conversations on these days or in the two partial days.
-- Those with sessions on one day alone are in a whole or a partial day; the few others are counted one by one.
SELECT (
    (
        SELECT coalesce(sum(conversation_count), 0)
        FROM conversation_usage
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
            AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    ) + (
        SELECT count(DISTINCT conversation_id)
        FROM (
            SELECT conversation_id
            FROM conversation_day
            WHERE has_other_rows
                AND day BETWEEN $first_on::DATE AND $last_on::DATE
                AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
                AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
            UNION ALL
            SELECT conversation_id
            FROM participation
            WHERE started_at >= $first_part_start_us::BIGINT
                AND started_at < $first_part_end_us::BIGINT
                AND ($touchpoints::INTEGER[] IS NULL OR touchpoint IN (SELECT unnest($touchpoints::INTEGER[])))
                AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
            UNION ALL
            SELECT conversation_id
            FROM participation
            WHERE started_at >= $second_part_start_us::BIGINT
                AND started_at < $second_part_end_us::BIGINT
                AND ($touchpoints::INTEGER[] IS NULL OR touchpoint IN (SELECT unnest($touchpoints::INTEGER[])))
                AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
        )
    )
)::BIGINT AS conversation_count

-- name: sessions_from_usage
-- Reads: session_usage. Takes: $first_on, $last_on, $preview.
-- Gives: how many sessions started on a day (days since $first_on) with a set of touchpoints, opened
-- at one of them; in any order, with repeated keys to be added up.
SELECT
    (day - $first_on::DATE)::BIGINT AS day,
    footprint::BIGINT               AS footprint,
    opening_touchpoint::BIGINT      AS opening_touchpoint,
    preview::BIGINT                 AS preview,
    session_count::BIGINT           AS session_count
FROM session_usage
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)

-- name: sessions_of_partial_day
-- Reads: session. Takes: $start_us, $end_us, $origin_us, $step_us (length), $preview.
-- Gives: as sessions_from_usage, of the sessions that start in that span, which is less than a day;
-- their day is the number of steps from the origin to their start; in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS day,
    footprint::BIGINT                                               AS footprint,
    opening_touchpoint::BIGINT                                      AS opening_touchpoint,
    preview::BIGINT                                                 AS preview,
    count(*)::BIGINT                                                AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY ALL

-- name: sessions_by_footprint
-- Reads: session. Takes: $start_us, $end_us, $origin_us, $step_us (length), $footprints (null: all), $preview;
-- {session_conditions}.
-- Gives: as sessions_from_usage, of the sessions that match; in place of the day, the step from the origin on in which
-- they started; in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    footprint::BIGINT                                               AS footprint,
    opening_touchpoint::BIGINT                                      AS opening_touchpoint,
    preview::BIGINT                                                 AS preview,
    count(*)::BIGINT                                                AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {session_conditions}
GROUP BY ALL

-- name: tickets_of_starts
-- Reads: session_ticket, session. Takes: $start_us, $end_us, $origin_us and $step_us (a step's
-- length), $footprints (of sessions, null: all), $part_footprints (of conversations in them, null: all), $preview;
-- {session_conditions}.
-- Gives: as tickets_from_usage, of the sessions that start in that span; in place of the day, the step
-- from the origin on in which the session started; in any order.
SELECT
    ((session.started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    session_ticket.session_id::VARCHAR                                      AS session_id,
    session_ticket.ticket_id::VARCHAR                                       AS ticket_id,
    session_ticket.ticket_type::VARCHAR                                     AS ticket_type
FROM session_ticket
JOIN (
    SELECT
        session_id,
        started_at
    FROM session
    WHERE started_at >= $start_us::BIGINT
        AND started_at < $end_us::BIGINT
        AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
        AND {session_conditions}
) AS session ON session.session_id = session_ticket.session_id
WHERE session_ticket.day BETWEEN make_timestamp($start_us::BIGINT)::DATE AND make_timestamp($end_us::BIGINT)::DATE
    AND (
        $part_footprints::INTEGER[] IS NULL
        OR session_ticket.footprint IN (SELECT unnest($part_footprints::INTEGER[]))
    )
    AND ($preview::BOOLEAN IS NULL OR session_ticket.preview = $preview::BOOLEAN)

-- name: tickets_from_usage
-- Reads: session_ticket. Takes: $first_on, $last_on, $footprints (null: all), $preview.
-- Gives: the tickets of the matching sessions, one row per session × conversation × ticket × type;
-- day in days since $first_on; in any order: the rows are counted.
SELECT
    (day - $first_on::DATE)::BIGINT AS day,
    session_id::VARCHAR             AS session_id,
    ticket_id::VARCHAR              AS ticket_id,
    ticket_type::VARCHAR            AS ticket_type
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)

-- name: ticket_types
-- Reads: session_ticket.
-- Gives: the types of all tickets, in the order of their first day, then by name.
SELECT ticket_type::VARCHAR AS ticket_type
FROM session_ticket
GROUP BY ticket_type
ORDER BY min(day), ticket_type
