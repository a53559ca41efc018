"""How a lead is handed over to sales, whose turn it is, and how it comes back."""
