-- name: purchases
-- Reads: purchase. Takes: $number (null: any), $with_reversed. Gives: with $with_reversed all purchases and reversals, or
-- those that concern one purchase, in order of purchase_no; else the purchases in force, in order of from_at.
SELECT
    purchase_no::INTEGER, meter::INTEGER, how::VARCHAR, packs::BIGINT, pack_units::VARCHAR, pack_price::VARCHAR,
    from_at::BIGINT, expires_at::BIGINT, cycle_start::BIGINT, opening_key::UBIGINT, recorded_at::BIGINT,
    set_by::VARCHAR, reason::VARCHAR, reverses::INTEGER
FROM purchase
WHERE ($number::INTEGER IS NULL OR purchase_no = $number::INTEGER OR reverses = $number::INTEGER)
    AND (
        $with_reversed::BOOLEAN
        OR (
            reverses IS NULL
            AND purchase_no NOT IN (SELECT reverses FROM purchase WHERE reverses IS NOT NULL)
        )
    )
ORDER BY CASE WHEN $with_reversed::BOOLEAN THEN 0 ELSE from_at END, purchase_no

-- name: purchase_of
-- Reads: purchase. Takes: $meter, $how, $cycle_start, $opening_key (null: none). Gives: the purchase that the cycle or the
-- session already has of this meter and kind, reversed or not (null: none, or it is not tied to any), one row.
SELECT min(purchase_no)::INTEGER
FROM purchase
WHERE meter = $meter::INTEGER
    AND how = $how::VARCHAR
    AND (cycle_start = $cycle_start::BIGINT OR opening_key = $opening_key::UBIGINT)

-- name: insert_purchase
-- Reads: purchase. Takes: ? for each other column of purchase, in order. Changes: adds the row under the next number to
-- purchase. Gives: the number, one row.
INSERT INTO purchase
SELECT coalesce(max(purchase_no), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM purchase
RETURNING purchase_no::INTEGER

-- name: removals
-- Reads: pack_removal. Takes: $number (null: any), $with_reversed. Gives: with $with_reversed all removals and reversals,
-- or those that concern one removal, in order of removal_no; else the removals in force, in order of from_at.
SELECT
    removal_no::INTEGER, meter::INTEGER, from_at::BIGINT, packs::BIGINT, recorded_at::BIGINT, set_by::VARCHAR,
    reason::VARCHAR, reverses::INTEGER
FROM pack_removal
WHERE ($number::INTEGER IS NULL OR removal_no = $number::INTEGER OR reverses = $number::INTEGER)
    AND (
        $with_reversed::BOOLEAN
        OR (
            reverses IS NULL
            AND removal_no NOT IN (SELECT reverses FROM pack_removal WHERE reverses IS NOT NULL)
        )
    )
ORDER BY CASE WHEN $with_reversed::BOOLEAN THEN 0 ELSE from_at END, removal_no

-- name: insert_removal
-- Reads: pack_removal. Takes: ? for each other column of pack_removal, in order. Changes: adds the row under the next
-- number to pack_removal. Gives: the number, one row.
INSERT INTO pack_removal
SELECT coalesce(max(removal_no), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM pack_removal
RETURNING removal_no::INTEGER
