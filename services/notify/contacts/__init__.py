"""Where a person can be reached, and what an organisation is called: projected from records."""
