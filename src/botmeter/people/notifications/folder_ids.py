"""Alerts and schedules of another data folder, as after a restore without the file `folder.id`."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from botmeter.ledger.folder_files import known_folder_id
from botmeter.people.database_failures import reasons_reported
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.schedule_models import Schedule


def alerts_of_others(folder: Path, accounts: Collection[str]) -> Counter[str]:
    """Number of these accounts' alerts and schedules by data folder id, where this folder has none."""
    own = known_folder_id(folder)
    counts = Counter[str]()
    with reasons_reported():
        for model in (AlertRule, Schedule):
            rows = model.objects.filter(account__in=accounts, removed_at=None)
            counts.update(rows.values_list("data_folder", flat=True))
    # Servers that share a database each have their own: what is missing is missing only where nothing is left.
    return Counter() if own in counts else counts
