"""Records: the organisations, their people and posts, and what they hold, as it happens."""
