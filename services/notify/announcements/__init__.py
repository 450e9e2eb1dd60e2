"""Announcements: one text to everybody of an organisation, as one job."""
