"""Messages: one intended message each, from its creation to its known outcome."""
