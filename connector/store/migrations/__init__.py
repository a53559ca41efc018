"""The schema's history: each step forward, small, tried on both databases."""
