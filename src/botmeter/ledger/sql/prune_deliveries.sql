-- Reads: delivery. Takes: $kept. Gives: delivery with so many of each source, the newest, and no others.
DELETE FROM delivery
WHERE rowid NOT IN (
    SELECT d.rowid FROM delivery AS d
    QUALIFY row_number() OVER (PARTITION BY d.source ORDER BY d.rowid DESC) <= $kept
)
