-- Reads: matching, session_ticket. Takes: $search, $searched_session (null: it is no session's id),
-- $first_on, $last_on.
-- Gives: matching, those of its rows whose session has the id, or whose customer, conversation or
-- ticket starts with the text.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT *
FROM matching
WHERE session_id = $searched_session::UUID
    OR starts_with(customer_id, $search::VARCHAR)
    OR starts_with(conversation_id, $search::VARCHAR)
    OR (session_id, conversation_id) IN (
        SELECT (session_id, conversation_id)
        FROM session_ticket
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND starts_with(ticket_id, $search::VARCHAR)
    )
