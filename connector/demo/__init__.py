"""The demo: a company's life for seven weeks, played against the real processes, and judged.

It knows the sandbox, in which people act, and the mapping in `mappings/programs`, which nurtures them. What the portal
must hold in the end follows from what was done to each person (`script`, `cast`, `expected`), never from what Coltiva
keeps.
"""
