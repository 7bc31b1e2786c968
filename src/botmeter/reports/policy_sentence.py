"""Sentence that defines a session under a policy."""

from botmeter.metering.policy import Policy
from botmeter.reports.explanation_sentences import duration_words

_SCOPE_WORDS = {"bot": "one bot", "channel": "one channel", "conversation": "one conversation"}
_OPENING_WORDS = {
    "customer": "the customer's first message",
    "any": "the first message",
    "outbound": "the first message sent to the customer",
    "exchange": "the first message that is answered",
}


def policy_sentence(policy: Policy) -> str:
    """Describe a session's scope, start and end."""
    who = "all that one customer does" if "customer" in policy.scope else "all that happens"
    inside = [_SCOPE_WORDS[name] for name in policy.scope if name in _SCOPE_WORDS]
    where = f"in {' and '.join(inside)}" if inside else "with any bot on any channel"
    ends = _ends(policy)
    return f"A session is {who} {where}, from {_OPENING_WORDS[policy.opens_on]}{f', {ends}' if ends else ''}."


def _ends(policy: Policy) -> str:
    limits = []
    if policy.max_duration_us is not None:
        limits.append(f"for {duration_words(policy.max_duration_us)}")
    if policy.idle_timeout_us is not None:
        limits.append(f"until {duration_words(policy.idle_timeout_us)} pass without a message")
    if policy.calendar is not None:
        limits.append(f"until the {policy.calendar} ends")
    if policy.max_turns is not None:
        limits.append(f"for {policy.max_turns} turns")
    if policy.ends_on:
        limits.append("until it is ended")
    if not limits:
        return ""
    return limits[0] if len(limits) == 1 else ", ".join(limits[:-1]) + f" or {limits[-1]}, whichever is first"
