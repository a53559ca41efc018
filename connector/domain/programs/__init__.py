"""Programs as data and as functions, where a lead stands in them, and what moves it on."""
