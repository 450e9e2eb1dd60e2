"""Scoring policies: what is measured, how it is weighed, and which policy is in force for whom."""
