"""Who there is: organisations, people, posts."""
