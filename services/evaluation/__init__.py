"""Turns what happened into what it is worth, and says why."""
