-- Reads: quarantine. Takes: $numbers. Gives: quarantine without these.
DELETE FROM quarantine WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[]))
