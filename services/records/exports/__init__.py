"""Lists as spreadsheets: what a list shows its caller, and nothing more."""
