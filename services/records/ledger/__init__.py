"""The ledger pack 台账: an organisation's year as one file that says itself whether it is whole."""
