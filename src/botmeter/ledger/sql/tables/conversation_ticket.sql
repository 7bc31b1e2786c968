-- Gives: conversation_ticket, one row per ticket × type that any event linked to a conversation.
CREATE TABLE conversation_ticket (
    conversation_id VARCHAR NOT NULL,
    ticket_id       VARCHAR NOT NULL,
    ticket_type     VARCHAR           -- null: the event named no type
)
