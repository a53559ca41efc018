"""Exit codes beside 0, all is well, and 2, the command was not understood."""

from __future__ import annotations

#: Something was found that needs a person.
FINDINGS = 1
#: Coltiva is not set up as it must be.
SETUP_ERROR = 3
