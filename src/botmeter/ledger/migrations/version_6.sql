-- name: event_erased
-- Changes: event says which events are erased.
ALTER TABLE event ADD COLUMN is_erased BOOLEAN DEFAULT false

-- name: event_conversation_erased
-- Changes: event says which events have an erased conversation.
ALTER TABLE event ADD COLUMN is_conversation_erased BOOLEAN DEFAULT false

-- name: erased_events
-- Changes: is_erased in event. Until version 5 only the id showed it. It ends in the key of the id before the erasure,
-- which tells it from an id of this form that a sender chose.
UPDATE event
SET is_erased = true
WHERE starts_with(event_id, 'erased:') AND ends_with(event_id, ':' || to_hex(event_key))

-- name: erased_conversations
-- Changes: is_conversation_erased in event. Each erased conversation has an erased event.
UPDATE event
SET is_conversation_erased = true
WHERE conversation_id IN (SELECT conversation_id FROM event WHERE is_erased)

-- name: policy_position
-- Changes: the position of a policy in the schedule has its present name.
ALTER TABLE policy_term RENAME COLUMN place TO position

-- name: conversation_has_other_rows
-- Changes: the mark of a conversation with several rows has its present name.
ALTER TABLE conversation_day RENAME COLUMN spans TO has_other_rows
