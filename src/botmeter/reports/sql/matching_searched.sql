-- Reads: participation, session_ticket. Takes: what matching takes; $first_on, $last_on, $search,
-- $searched_session (null: what is searched for is no session's id).
-- Gives: matching, of the rows that it would have those whose session has the id, or whose customer,
-- conversation or ticket starts with the text. In one statement, as the others can be millions.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT
    session_id::UUID         AS session_id,
    started_at::BIGINT       AS started_at,
    customer_id::VARCHAR     AS customer_id,
    conversation_id::VARCHAR AS conversation_id,
    touchpoint::INTEGER      AS touchpoint,
    event_count::BIGINT      AS event_count,
    preview::BOOLEAN         AS preview
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($touchpoints::INTEGER[] IS NULL OR list_contains($touchpoints::INTEGER[], touchpoint))
    AND ($customers::VARCHAR[] IS NULL OR list_contains($customers::VARCHAR[], customer_id))
    AND ($conversations::VARCHAR[] IS NULL OR list_contains($conversations::VARCHAR[], conversation_id))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND (
        session_id = $searched_session::UUID
        OR starts_with(customer_id, $search::VARCHAR)
        OR starts_with(conversation_id, $search::VARCHAR)
        OR (session_id, conversation_id) IN (
            SELECT (session_id, conversation_id)
            FROM session_ticket
            WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
                AND starts_with(ticket_id, $search::VARCHAR)
        )
    )
