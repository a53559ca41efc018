"""What can never work, seen only when the mapping is looked at as a whole."""

from __future__ import annotations

from connector.domain.book import Definitions
from connector.mapping.models import MappingFile
from connector.mapping.places import Problems


def check_whole(mapping: MappingFile, definitions: Definitions, problems: Problems) -> None:
    """Report what each part says well and all parts together cannot mean."""
