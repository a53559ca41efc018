"""Reading: a batch that cannot be read as a whole is read in halves, until the record that spoils it stands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from connector.errors import CredentialsError, RetryableCrmError, StoreError

#: What a record is read as.
Read = TypeVar("Read")
Fetch = Callable[[Sequence[str]], Mapping[str, Read]]

#: Enough to find two spoilt records among a hundred; what is not reached waits for the next batch.
_MAX_CALLS: Final = 30
#: So many spoilt records, and not one that can be read: then it is not the records.
_MAX_SPOILT: Final = 2
#: What says nothing about single records.
_OF_THE_CALL: Final = (RetryableCrmError, CredentialsError, StoreError)


@dataclass(slots=True)
class Reading(Generic[Read]):
    """What became of the records of one batch so far; filled call by call, so that a call that fails loses nothing."""

    #: The ids that were answered for, and what they hold; an id without a record is not there.
    asked: list[str] = field(default_factory=list)
    records: dict[str, Read] = field(default_factory=dict)
    #: Id -> what went wrong with this record alone.
    spoilt: dict[str, Exception] = field(default_factory=dict)

    def fetch(self, fetch: Fetch[Read], record_ids: Sequence[str]) -> None:
        """Read them, in halves where a call fails for a reason that may be one record's.

        Raises what concerns the account and not a record, at once; and the last error when nothing could be read.
        """
        waiting = [list(record_ids)]
        for _ in range(_MAX_CALLS):
            if not waiting:
                break
            group = waiting.pop()
            try:
                self._add(group, fetch(group))
            except _OF_THE_CALL:
                raise
            except Exception as error:  # noqa: BLE001  whatever it is, it may be one record's
                waiting += reversed(_halves(group))
                self._judge(group, error)
        if self.spoilt and not self.asked:
            raise next(reversed(self.spoilt.values()))

    def _add(self, group: Sequence[str], records: Mapping[str, Read]) -> None:
        self.asked += group
        self.records |= records

    def _judge(self, group: Sequence[str], error: Exception) -> None:
        if len(group) == 1:
            self.spoilt[group[0]] = error
        if len(self.spoilt) >= _MAX_SPOILT and not self.asked:
            raise error


def _halves(group: list[str]) -> list[list[str]]:
    middle = len(group) // 2
    return [group[:middle], group[middle:]] if middle else []
