"""Exit codes beside 0, all is well. docs/operations.md tells them to people."""

from __future__ import annotations

#: Something was found that needs a person.
FINDINGS = 1
#: The command was not understood, or names something that is not there.
USAGE_ERROR = 2
#: Coltiva is not set up as it must be.
SETUP_ERROR = 3
