"""Codes of problem details, with statuses and meanings."""

from typing import Final, NamedTuple


class ProblemCode(NamedTuple):
    """One code of problem details."""

    code: str
    status: int
    meaning: str


CODES: Final = (
    ProblemCode("arguments_clash", 400, "Both a named period and days were given."),
    ProblemCode("body_empty", 400, "The body has no event."),
    ProblemCode("body_invalid", 400, "The body does not have the shape that this route needs."),
    ProblemCode("body_not_gzip", 400, "The body is declared as gzip, but is not, or is truncated."),
    ProblemCode("cloudevent_invalid", 400, "The body or its headers are not a valid CloudEvent."),
    ProblemCode("column_repeated", 400, "A column was named twice."),
    ProblemCode("column_unknown", 400, "A column does not exist."),
    ProblemCode("cursor_invalid", 400, "The cursor is not from this list in this order."),
    ProblemCode("date_invalid", 400, "A day is not written as YYYY-MM-DD."),
    ProblemCode("json_invalid", 400, "The body is not JSON."),
    ProblemCode("limit_invalid", 400, "A page has from 1 to 1,000 items."),
    ProblemCode("merge_invalid", 400, "A customer can't be merged like this; none was."),
    ProblemCode("output_format_unknown", 400, "The file format does not exist."),
    ProblemCode("parameter_invalid", 400, "A parameter has an invalid value."),
    ProblemCode("parameter_repeated", 400, "A parameter that is allowed once was given twice."),
    ProblemCode("parameter_unknown", 400, "The route has no such parameter."),
    ProblemCode("period_reversed", 400, "The period ends before it starts."),
    ProblemCode("period_too_long", 400, "The period has too many days."),
    ProblemCode("request_invalid", 400, "The request is not valid."),
    ProblemCode("source_invalid", 400, "The name of a source is not valid."),
    ProblemCode("timezone_unknown", 400, "The time zone does not exist."),
    ProblemCode("delivery_too_old", 401, "The delivery was signed too long ago."),
    ProblemCode("key_expired", 401, "The key has expired, or was replaced."),
    ProblemCode("key_missing", 401, "No key was sent."),
    ProblemCode("key_revoked", 401, "The key was revoked."),
    ProblemCode("key_wrong", 401, "The key does not exist."),
    ProblemCode("signature_missing", 401, "The delivery is not signed, and the source accepts signed ones only."),
    ProblemCode("signature_wrong", 401, "The signature does not match the delivery and the source's secret."),
    ProblemCode("ledger_read_only", 403, "The account is read-only."),
    ProblemCode("scope_missing", 403, "The key lacks the scope that this route needs."),
    ProblemCode("source_off", 403, "The source is turned off."),
    ProblemCode("verify_token_wrong", 403, "The verify token is wrong."),
    ProblemCode("account_unknown", 404, "The account does not exist, or the key belongs to another one."),
    ProblemCode("alias_unknown", 404, "The id is not an alias of a customer."),
    ProblemCode("merge_unknown", 404, "No merge of this number is in force."),
    ProblemCode("route_unknown", 404, "The address does not exist."),
    ProblemCode("session_unknown", 404, "The account has no such session."),
    ProblemCode("source_key_wrong", 404, "No source has this address."),
    ProblemCode("method_unknown", 405, "The address does not allow this method; `Allow` lists those that it does."),
    ProblemCode("body_too_slow", 408, "The body stopped arriving."),
    ProblemCode("customer_merged", 409, "The alias already belongs to another customer."),
    ProblemCode("events_conflict", 409, "The request is atomic, and an event was sent before with different content."),
    ProblemCode("body_too_large", 413, "The body is larger than the route accepts."),
    ProblemCode("events_too_many", 413, "The body holds more than 5,000 events."),
    ProblemCode("filter_too_long", 413, "A filter has more than 1,000 values."),
    ProblemCode("merge_too_large", 413, "The request has more than 1,000 aliases."),
    ProblemCode("parameters_too_many", 413, "The address has too many parameters."),
    ProblemCode("search_too_long", 413, "The search text has more than 200 characters."),
    ProblemCode("content_encoding_unknown", 415, "The content encoding is not supported; gzip is."),
    ProblemCode("media_type_unknown", 415, "The body is in no format that this route accepts."),
    ProblemCode("events_refused", 422, "The request is atomic, and an event was rejected."),
    ProblemCode("attempts_exceeded", 429, "The client's network has sent too many wrong keys in this minute."),
    ProblemCode("rate_exceeded", 429, "The key has sent too many requests in this minute."),
    ProblemCode("bug", 500, "A bug in Botmeter; `reference` finds its details in the logs."),
    ProblemCode("disk_full", 503, "The disk is full; nothing was stored."),
    ProblemCode("ledger_busy", 503, "The account is being written for longer than a request waits."),
    ProblemCode("ledger_failed", 503, "The account's file can't be written; nothing was stored."),
    ProblemCode("exports_busy", 503, "Too many exports at the same time."),
    ProblemCode("queue_full", 503, "Too many events are waiting to be written; nothing of this request was stored."),
    ProblemCode("seal_broken", 503, "The source's secret can't be decrypted with the server's key."),
    ProblemCode("server_busy", 503, "Too many requests at the same time."),
    ProblemCode("server_stopping", 503, "The server is starting or stopping."),
)
