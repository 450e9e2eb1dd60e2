"""The tree as it was on a day, and how it is reorganised: dissolved, merged, split."""
