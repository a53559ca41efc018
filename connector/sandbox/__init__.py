"""CRMs to rehearse, demonstrate and test against, served over real HTTP: one folder each, around what they share.

They know nothing of the product: their truth is the vendors' public documentation.
`README.md` in this folder says what is shared, and leads to what each of them simulates.
"""
