"""What becomes of data that an earlier version wrote."""
