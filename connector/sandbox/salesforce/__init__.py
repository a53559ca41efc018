"""Salesforce orgs to rehearse, demonstrate and test against.

They know nothing of the product: their truth is Salesforce's public documentation.
`README.md` in this folder lists what is simulated and what is not.
"""
