"""Hours of training: what was credited to whom, and how far it is to what a year asks for."""
