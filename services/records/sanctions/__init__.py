"""Probation within the Party 留党察看: who is under it from when to when, and who may know of it."""
