"""One person in both CRMs: found by marketing in HubSpot, sold to in Salesforce, one lead with one score all the way.

Played against real processes, as the rest of the demo, by the mapping in `mappings/both`. What both CRMs must hold
after each step follows from the story alone (`story`, `verdict`).
"""
