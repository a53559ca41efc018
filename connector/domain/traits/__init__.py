"""What follows about a lead: scores and what fades of them, computed fields, tags, personas, purchases."""
