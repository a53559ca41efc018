"""In which order leads are listed. Apart from the roster, because the help of the command line names them, too."""

from __future__ import annotations

from enum import StrEnum


class Order(StrEnum):
    """What comes first."""

    SCORE = "score"  # the highest; of several scores the first of the mapping counts
    ACTIVITY = "activity"  # who did something last
    ID = "id"
