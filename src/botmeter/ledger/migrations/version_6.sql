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
