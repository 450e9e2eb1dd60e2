"""What the record of a year is worth."""
