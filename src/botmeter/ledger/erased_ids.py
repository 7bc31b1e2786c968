"""Ids of an erased customer, for stores outside the ledger."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedIds:
    """Ids of an erased customer.

    Attributes:
        customers: Own and merged ids, which are removed from any text.
        pseudonym: Replaces all of them.
        others: Pseudonyms of conversations, events and tickets by id; these can be as short as `7`, so only whole
            values are replaced.
    """

    customers: frozenset[str]
    pseudonym: str
    others: Mapping[str, str]

    @classmethod
    def from_json(cls, text: str) -> "ErasedIds":
        values = json.loads(text)
        return cls(
            customers=frozenset(values["customers"]), pseudonym=values["pseudonym"], others=dict(values["others"])
        )

    def in_text(self, text: str) -> str:
        """Replace the customer's ids, as whole words, in what somebody wrote."""
        ids = "|".join(map(re.escape, sorted(self.customers, key=len, reverse=True)))
        return re.sub(rf"(?<!\w)(?:{ids})(?!\w)", self.pseudonym, text)

    def to_json(self) -> str:
        return json.dumps(
            {"customers": sorted(self.customers), "pseudonym": self.pseudonym, "others": dict(self.others)}
        )
