"""What people are told: why a lead stands where it stands, and what became of it."""
