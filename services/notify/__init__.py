"""Notify: who is reminded of what, by which channel, and what became of it."""
