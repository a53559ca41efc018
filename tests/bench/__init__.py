"""How fast Coltiva is and how much memory it takes, measured on the machine at hand: `make bench`.

Every figure stands beside the ceiling of the same machine in the same run, because machines differ and a busy one is
slow. docs/performance.md explains the figures.
"""
