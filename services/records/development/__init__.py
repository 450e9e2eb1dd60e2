"""Member development: one person's way through twenty-five steps, each under its day's rules."""
