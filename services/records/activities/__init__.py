"""What organisations hold: planned, recorded, submitted, reviewed."""
