-- name: fingerprint
-- Reads: touchpoint, footprint_member, policy_term, account_term, meta. Takes: nothing.
-- Gives: one row of numbers that changes with the contents that a ledger keeps in memory.
SELECT
    (SELECT count(*) FROM touchpoint)::BIGINT AS touchpoint_count,
    (SELECT greatest(0, -coalesce(min(footprint), 0)) FROM footprint_member)::BIGINT AS footprint_count,
    (SELECT count(*) FROM account_term)::BIGINT AS account_terms,
    (SELECT coalesce(bit_xor(hash(position, from_at, definition)), 0) FROM policy_term)::UBIGINT AS policies,
    (SELECT coalesce(bit_xor(hash(value)), 0) FROM meta WHERE name = 'lake')::UBIGINT AS lake_record
