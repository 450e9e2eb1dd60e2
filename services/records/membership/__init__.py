"""Who belonged where, with which political status, on which day."""
