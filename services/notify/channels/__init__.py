"""Ways out of the platform: what a provider is asked, and what its answer means."""
