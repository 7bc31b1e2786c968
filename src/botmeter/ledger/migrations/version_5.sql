-- name: event_pulled
-- Changes: event says which events a pull brought.
ALTER TABLE event ADD COLUMN is_pulled BOOLEAN DEFAULT false

-- name: pulled_events
-- Reads: receipt. Changes: is_pulled in event. Until version 4 the sender's attributes told it, in which any sender could
-- write the same; so only events of sources that were pulled are, as the receipts of their pulls tell.
UPDATE event
SET is_pulled = true
WHERE source IN (SELECT source FROM receipt WHERE starts_with(label, 'pull '))
    AND contains(attributes, '"told_by":"pull"')
    AND json_extract_string(attributes, '$.told_by') = 'pull'

-- name: quarantine_pulled
-- Changes: quarantine says which events a pull brought.
ALTER TABLE quarantine ADD COLUMN is_pulled BOOLEAN DEFAULT false

-- name: pulled_quarantine
-- Reads: receipt. Changes: is_pulled in quarantine, by the same rule. Under these codes an event is kept as JSON.
UPDATE quarantine
SET is_pulled = true
WHERE source IN (SELECT source FROM receipt WHERE starts_with(label, 'pull '))
    AND CASE
        WHEN code IN ('before_available_from', 'in_the_future', 'conflict')
            THEN json_extract_string(decode(raw), '$.attributes.told_by') = 'pull'
        ELSE false
    END

-- name: signed_restatement
-- Changes: restatement of version 4 has another name.
ALTER TABLE restatement RENAME TO signed_restatement

-- name: restatement
-- Gives: restatement with a column for its cause; as of version 5.
CREATE TABLE restatement (
    cause         UTINYINT  NOT NULL, -- 0: an append, 1: a change of policy, 2: a change to customers
    cause_no      INTEGER   NOT NULL, -- the first append of its commit, or the change to customers; else 0
    recorded_at   BIGINT    NOT NULL, -- µs UTC
    day           DATE      NOT NULL,
    before_count  BIGINT    NOT NULL, -- sessions
    after_count   BIGINT    NOT NULL, -- sessions
    removed       VARCHAR[] NOT NULL, -- ids of sessions that are no more, at most 100
    added         VARCHAR[] NOT NULL, -- ids of sessions that are new, at most 100
    because       VARCHAR[] NOT NULL, -- ids of the events that did it, at most 100
    because_count BIGINT    NOT NULL
)

-- name: restatement_causes
-- Reads: signed_restatement. Changes: adds its rows to restatement. Until version 4 an append number of 0 meant a
-- change of policy, and one below 0 a change to customers.
INSERT INTO restatement
SELECT
    CASE WHEN append_no > 0 THEN 0 WHEN append_no = 0 THEN 1 ELSE 2 END, abs(append_no), * EXCLUDE (append_no)
FROM signed_restatement
ORDER BY rowid

-- name: drop_signed_restatement
-- Changes: restatement of version 4 is gone.
DROP TABLE signed_restatement
