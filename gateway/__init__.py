"""The way in for people and programs: HTTP outside, one call to one service inside, no domain rule."""
