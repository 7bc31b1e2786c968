-- name: restatements
-- Reads: restatement, receipt, file_import, customer_alias. Takes: $session (null: any). Gives: the restatements in order of recording.
SELECT
    r.cause::UTINYINT, r.cause_no::INTEGER,
    CASE
        WHEN r.cause = 0 THEN coalesce(a.label, '')
        WHEN r.cause = 1 THEN ''
        WHEN r.cause = 3 THEN 'import ' || i.import_no || ' undone (' || i.file_name || ')'
        WHEN r.cause_no IN (SELECT undone_no FROM customer_alias WHERE undone_no IS NOT NULL)
            THEN 'a merge undone, change ' || r.cause_no
        WHEN r.cause_no IN (SELECT merge_no FROM customer_alias)
            THEN 'customers merged, change ' || r.cause_no
        -- Their ids were erased since.
        ELSE 'customers changed, change ' || r.cause_no
    END::VARCHAR,
    r.recorded_at::BIGINT, r.day::DATE,
    r.before_count::BIGINT, r.after_count::BIGINT,
    r.removed::VARCHAR[], r.added::VARCHAR[], r.because::VARCHAR[], r.because_count::BIGINT
FROM restatement AS r
LEFT JOIN receipt AS a ON r.cause = 0 AND a.append_no = r.cause_no
LEFT JOIN file_import AS i ON r.cause = 3 AND i.append_no = r.cause_no
WHERE $session IS NULL OR list_contains(r.removed, $session) OR list_contains(r.added, $session)
ORDER BY r.recorded_at, CASE r.cause WHEN 2 THEN -r.cause_no ELSE r.cause_no END, r.day

-- name: restated_days
-- Reads: old_session, the sessions as they are now, event, touchpoint. Takes: $first_append_no (of this commit),
-- $shown_before (µs UTC, a midnight: days before it had been shown); {key} and its tables.
-- Gives: one row per such day with a removed or added session: their ids, the ids of causing events with repeats, each
-- the first 100 in order, and the number of these events; in any order. Of rows of several parts of the keys,
-- `restatements_of_days` makes those of all.
WITH changed AS (
    SELECT session_id::UUID AS session_id, started_at, {key} AS key, false AS is_new
    FROM {old_session} AS x
    WHERE x.started_at < $shown_before
        AND x.session_id::UUID NOT IN (SELECT n.session_id::UUID FROM {new_session} AS n WHERE n.started_at < $shown_before)
    UNION ALL
    SELECT session_id::UUID, started_at, {key}, true
    FROM {new_session} AS x
    WHERE x.started_at < $shown_before
        AND x.session_id::UUID NOT IN (SELECT session_id::UUID FROM old_session WHERE started_at < $shown_before)
),
restated AS (
    SELECT *, DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day
    FROM changed
),
cause AS (
    -- An event has one key, so it is joined once to each day. Days, keys and events are not kept distinct here: there can
    -- be a hundred times as many as events. Two sources can use one id.
    SELECT r.day, count(*) AS event_count, min(e.event_id, 100) AS event_ids
    FROM (SELECT DISTINCT day, key FROM restated) AS r
    JOIN (
        SELECT {key} AS key, x.event_id
        FROM {event} AS x
        WHERE x.append_no >= $first_append_no
    ) AS e USING (key)
    GROUP BY r.day
)
SELECT
    r.day::DATE AS day,
    coalesce(min(r.session_id::VARCHAR, 100) FILTER (WHERE NOT r.is_new), [])::VARCHAR[] AS removed,
    coalesce(min(r.session_id::VARCHAR, 100) FILTER (WHERE r.is_new), [])::VARCHAR[] AS added,
    coalesce(any_value(c.event_ids), [])::VARCHAR[] AS event_ids,
    coalesce(any_value(c.event_count), 0)::BIGINT AS event_count
FROM restated AS r
LEFT JOIN cause AS c ON c.day = r.day
GROUP BY r.day

-- name: restatements_of_days
-- Reads: {restated}, rows of `restated_days`; old_day_count, session_usage. Takes: $cause, $cause_no, $now.
-- Gives: the rows of restatement, one per day, in order.
SELECT
    $cause::UTINYINT AS cause, $cause_no::INTEGER AS cause_no, $now::BIGINT AS recorded_at, r.day,
    coalesce((SELECT session_count FROM old_day_count AS o WHERE o.day = r.day), 0)::BIGINT AS before_count,
    coalesce((SELECT sum(u.session_count) FROM session_usage AS u WHERE u.day = r.day), 0)::BIGINT AS after_count,
    list_sort(flatten(list(r.removed)))[:100] AS removed,
    list_sort(flatten(list(r.added)))[:100] AS added,
    list_sort(list_distinct(list_sort(flatten(list(r.event_ids)))[:100])) AS because,
    sum(r.event_count)::BIGINT AS because_count
FROM {restated} AS r
GROUP BY r.day
ORDER BY r.day

-- name: insert_restatements
-- Takes: {restatements}, the query `restatements_of_days`, and its values. Changes: adds its rows to restatement.
INSERT INTO restatement SELECT * FROM ({restatements}) ORDER BY day
