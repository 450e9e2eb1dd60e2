"""The reminder ladder: who is reminded when something owed was not held."""
