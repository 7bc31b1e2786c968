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
