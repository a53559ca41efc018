"""The database: SQL behind the ports. Knows nothing of CRMs, mappings or the web."""
