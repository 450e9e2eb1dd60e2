"""Versioned texts of messages, as data, with the rules they keep."""
