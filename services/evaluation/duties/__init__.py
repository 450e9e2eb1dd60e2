"""What persons owe, and what organisations owe by a day of its own."""
