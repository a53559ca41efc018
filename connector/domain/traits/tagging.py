"""How tags are put on a lead and taken off: by signals, by conditions that come to hold, and by time."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.book import Book
from connector.domain.definitions import Tag
from connector.domain.draft import Draft
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.lead import Tagging
from connector.domain.records.behaviour import Signal
from connector.domain.traits.traits import TagNode

_NEVER = Tagging()


def take_signal(draft: Draft, signal: Signal) -> None:
    """Put on and take off the tags that the signal concerns; of both for one tag, taking off counts."""
    name, attributes = signal
    for tag, is_added, trigger in draft.book.tagging.get(name, ()):
        if trigger.matches(attributes) and trigger.test.holds(draft):
            change = _put_on if is_added else _take_off
            change(draft, tag, f"signal {name}")
            draft.touch_node(f"tag:{tag.name}")  # it may have to ring at another time


def look_at(draft: Draft, node: TagNode) -> None:
    """Put the tag on or take it off where a condition came to hold since it was last looked at, or its time is over."""
    tag, before = node.tag, draft.tags.get(node.tag.name, _NEVER)
    adds, removes = node.adds.holds(draft), node.removes.holds(draft)
    _keep(draft, tag, replace(before, adds=adds, removes=removes))
    if removes and not before.removes:
        _take_off(draft, tag, "its condition")
    elif adds and not before.adds:
        _put_on(draft, tag, "its condition")
    elif before.until is not None and before.until <= draft.now:
        _take_off(draft, tag, "time")


def turn_over(draft: Draft, former: Book, known: Mapping[str, Tagging]) -> None:
    """Take the tags over from the former book; of those that it did not have, what was known gives them.

    A tag that both books have stays as it is: what put it on may have been a moment or a program that passed.
    """
    draft.tags = {name: state for name, state in draft.tags.items() if name in draft.book.tags}
    for name in sorted(known.keys() - former.tags.keys()):
        draft.tags[name] = known[name]
        if known[name].since is not None:
            draft.note(HistoryKind.TAGGED, name, {"by": "what was known"})


def _put_on(draft: Draft, tag: Tag, by: str) -> None:
    """Put the tag on; on a lead that has it, its time begins anew."""
    before = draft.tags.get(tag.name, _NEVER)
    until = None if tag.lasts is None else draft.now + tag.lasts
    _keep(draft, tag, replace(before, since=before.since or draft.now, until=until))
    if before.since is None:
        draft.touch(f"tag:{tag.name}")
        draft.note(HistoryKind.TAGGED, tag.name, {"by": by})


def _take_off(draft: Draft, tag: Tag, by: str) -> None:
    before = draft.tags.get(tag.name, _NEVER)
    if before.since is None:
        return
    _keep(draft, tag, replace(before, since=None, until=None))
    draft.touch(f"tag:{tag.name}")
    draft.note(HistoryKind.UNTAGGED, tag.name, {"by": by})


def _keep(draft: Draft, tag: Tag, state: Tagging) -> None:
    """Remember the tag's state, if there is anything to remember."""
    if state == _NEVER:
        draft.tags.pop(tag.name, None)
    else:
        draft.tags[tag.name] = state
