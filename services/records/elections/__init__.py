"""Committees and their terms: elections held, due, postponed, advanced."""
