"""Who holds which role where, and who may."""
