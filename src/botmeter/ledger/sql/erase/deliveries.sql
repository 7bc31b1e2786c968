-- Reads: delivery. Takes: nothing. Gives: delivery without what can name a customer, whoever it was.
UPDATE delivery SET delivery_id = NULL, detail = NULL
