"""Bulletins: what an organisation tells people, and who has read what they had to."""
