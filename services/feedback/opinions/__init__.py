"""Opinions 意见建议: what was said, who answers it, and what became of it."""
