"""Coltiva's product code: what is true, what we do about it, and the adapters around it.

Nothing of ours is imported here, so that importing one part never loads another.
"""

from __future__ import annotations

__version__ = "0.1.0"
