-- Reads: quarantine. Takes: $numbers. Gives: quarantine without these.
DELETE FROM quarantine WHERE list_contains($numbers::BIGINT[], quarantine_no)
