"""Turns of accounts: one task of an account at a time."""


class FairTurns:
    """Waiting tasks by account. Not thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, bool]] = {}
        self._running: set[str] = set()

    def add(self, account: str, task: str, *, is_urgent: bool = False) -> None:
        """Let a task wait; an urgent one is the account's next."""
        tasks = self._waiting.setdefault(account, {})
        tasks[task] = is_urgent or tasks.get(task, False)

    def is_waiting(self, account: str, task: str) -> bool:
        return task in self._waiting.get(account, {})

    @property
    def ready_count(self) -> int:
        return len(self._ready())

    def take(self) -> tuple[str, str] | None:
        """Begin the next task, if any can begin; return its account and name."""
        account = next(iter(self._ready()), None)
        if account is None:
            return None
        tasks = self._waiting.pop(account)
        task = next((name for name, is_urgent in tasks.items() if is_urgent), next(iter(tasks)))
        del tasks[task]
        if tasks:
            # Behind all others.
            self._waiting[account] = tasks
        self._running.add(account)
        return account, task

    def done(self, account: str) -> None:
        self._running.remove(account)

    def _ready(self) -> list[str]:
        return [account for account in self._waiting if account not in self._running]
