"""Programmes: a cohort with mentors, targets and activities. Nobody is ranked, nothing earns points."""
