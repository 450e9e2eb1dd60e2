"""Thought reports: handed in by their author, read by few, and never judged by a program."""
