"""What we do about facts and changes: one verb a file, talking to ports and domain only.

intake -> hydrate -> advance -> dispatch; `worker` runs them, `calls` holds all that needs a CRM.
"""
