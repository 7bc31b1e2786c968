-- Reads: event. Gives: the customer as sent in it, which is null: nobody was merged before version 4.
ALTER TABLE event ADD COLUMN sent_customer_id VARCHAR
