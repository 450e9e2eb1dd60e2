"""Messages that other systems of the campus ask for."""
