"""A batch that is refused as a whole is written in halves, until the bad records stand alone.

HubSpot refuses a batch with 400, 404 or 409 for one bad record and does not say which. The number of calls is
bounded: what is not reached comes again with the next batch, without the records settled here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from connector.crms.hubspot.errors import RefusedCallError
from connector.errors import RetryableCrmError
from connector.ports import RecordReply, ReplyState

#: Enough to find five bad records among a hundred.
MAX_ATTEMPTS: Final = 50

Replies = dict[str, RecordReply]
_UNREACHED: Final = RecordReply(ReplyState.LATER, "Other records of its batch were refused first.")


def write_in_halves(
    keys: Sequence[str], write: Callable[[Sequence[str]], Replies], properties_of: Callable[[str], Collection[str]]
) -> Replies:
    """One reply for each key; `write` answers for the keys it is given or raises for all of them.

    A refusal that names unknown properties settles at once every record that has one of them. When HubSpot becomes
    unavailable half-way, what was reached stays settled and the rest comes later.
    """
    replies: Replies = {}
    waiting = [list(keys)]
    for _ in range(MAX_ATTEMPTS):
        if not waiting:
            return replies
        group = waiting.pop()
        try:
            replies |= write(group)
        except RefusedCallError as refusal:
            refused, rest = _judge(group, refusal, properties_of)
            replies |= dict.fromkeys(refused, RecordReply(ReplyState.REFUSED, refusal.words))
            waiting += reversed(rest)
        except RetryableCrmError as error:
            if not replies:
                raise
            waiting.append(group)
            return replies | _postponed(waiting, RecordReply(ReplyState.LATER, str(error), retry_at=error.retry_at))
    return replies | _postponed(waiting, _UNREACHED)


def _judge(
    group: list[str], refusal: RefusedCallError, properties_of: Callable[[str], Collection[str]]
) -> tuple[list[str], list[list[str]]]:
    """Whom the refusal concerns, and the parts in which to try the others."""
    hopeless = [key for key in group if not refusal.unknown_properties.isdisjoint(properties_of(key))]
    if hopeless:
        rest = [key for key in group if key not in hopeless]
        return hopeless, [rest] if rest else []
    if len(group) == 1:
        return group, []
    middle = len(group) // 2
    return [], [group[:middle], group[middle:]]


def _postponed(groups: Iterable[Iterable[str]], reply: RecordReply) -> Replies:
    return {key: reply for group in groups for key in group}
