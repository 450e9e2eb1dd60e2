"""The standing of a branch: evidence, obligations and scores folded into one document."""
