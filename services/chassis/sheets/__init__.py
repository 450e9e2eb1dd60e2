"""Spreadsheets: what may stand in a cell, and how rows become a workbook."""
