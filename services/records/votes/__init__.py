"""Votes: whether a meeting may decide and what it decided. A vote is kept by what it is part of."""
