"""The evidence ledger: every approved record, kept as it was told."""
