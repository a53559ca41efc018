"""What leads want leaves for their CRMs."""
