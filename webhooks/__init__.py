"""The door: what a CRM may send us, and what we answer."""
