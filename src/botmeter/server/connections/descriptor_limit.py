"""Limit of open files, and of connections."""

import resource
from typing import Final

CONNECTIONS_MAX: Final = 20_000
"""Open connections, most of them idle: senders keep theirs."""
BACKLOG: Final = 4_096
"""Connections that the system keeps until they are accepted."""
OTHERS_MAX: Final = 2_000
"""Other files: ledgers with their logs, streams on disk, the people's database."""
LOW: Final = 1_000


def allow_descriptors() -> int:
    """Raise this process's limit as far as allowed and needed; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS_MAX + OTHERS_MAX
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def connections_max(descriptor_limit: int | None = None) -> int:
    """Number of connections that leaves room for other files."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if descriptor_limit is None else descriptor_limit
    return max(1, min(CONNECTIONS_MAX, soft - min(OTHERS_MAX, soft // 2)))


def low_limit_warning(descriptor_limit: int) -> str | None:
    """Warning of a limit that allows few connections; empty if it suffices."""
    allowed = connections_max(descriptor_limit)
    if allowed >= LOW:
        return None
    return (
        f"This process may open {descriptor_limit:,} files, so that it accepts {allowed:,} connections at most. Raise "
        f"the limit (ulimit -n, or LimitNOFILE= of systemd) to {CONNECTIONS_MAX + OTHERS_MAX:,}."
    )
