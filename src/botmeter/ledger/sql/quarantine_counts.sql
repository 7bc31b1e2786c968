-- Reads: quarantine. Takes: nothing. Gives: (code, how many), most first.
SELECT code::VARCHAR, count(*)::BIGINT
FROM quarantine
GROUP BY code
ORDER BY count(*) DESC, code
