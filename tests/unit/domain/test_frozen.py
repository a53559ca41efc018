"""Instances that are made faster are frozen, equal and copied as before."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field
from dataclasses import replace as replaced

import pytest

from connector.domain.frozen import quick, replace


@quick
@dataclass(frozen=True, slots=True)
class Parcel:
    weight: float
    label: str = ""
    stamps: list[str] = field(default_factory=list)


PARCEL = Parcel(2.5, label="books")


def test_what_is_made_faster_stays_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        PARCEL.weight = 3.0  # type: ignore[misc]


def test_what_is_made_faster_has_its_defaults_each_its_own() -> None:
    assert Parcel(2.5, "books", []) == PARCEL
    assert PARCEL.stamps is not Parcel(1.0).stamps


def test_a_missing_attribute_is_told_by_the_name_of_the_class() -> None:
    with pytest.raises(TypeError, match=r"Parcel.*'weight'"):
        Parcel()  # type: ignore[call-arg]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_equals_what_it_was_made_of(copied: Callable[[Parcel], Parcel]) -> None:
    assert copied(PARCEL) == PARCEL


def test_an_instance_with_attributes_changed_is_another_one() -> None:
    heavy = replace(PARCEL, weight=9.0)

    assert heavy == replaced(PARCEL, weight=9.0) == Parcel(9.0, "books")
    assert PARCEL.weight == 2.5
    with pytest.raises(FrozenInstanceError):
        heavy.weight = 1.0  # type: ignore[misc]


def test_an_attribute_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        replace(PARCEL, size=1)
