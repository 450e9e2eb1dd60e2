"""Party dues: bases and bills, payments and their reversal, relief, spending, and the books of all of it."""
