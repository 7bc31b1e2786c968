-- Reads: quarantine. Takes: $source. Gives: how many events of the source are in quarantine, by code, the most first.
SELECT code::VARCHAR, count(*)::BIGINT AS event_count
FROM quarantine
WHERE source = $source
GROUP BY code
ORDER BY event_count DESC, code
