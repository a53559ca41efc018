"""Salesforce: everything that is true of this CRM alone. See README.md in this folder."""
