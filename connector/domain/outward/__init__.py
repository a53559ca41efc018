"""What CRMs are to be told: properties, lists, tasks, notes and emails, and who may be sent messages."""
