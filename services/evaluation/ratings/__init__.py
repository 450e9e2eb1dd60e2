"""A year's scores taken down, with caps and ties, decisions, publication and appeals."""
