"""What a fact says: which records are there, which fields they fill, which signals they give."""
