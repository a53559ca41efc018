"""A HubSpot portal to rehearse, demonstrate and test against.

It knows nothing of the product: its truth is the public HubSpot documentation.
`README.md` in this folder lists what is simulated and what is not.
"""
