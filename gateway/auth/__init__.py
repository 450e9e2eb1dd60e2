"""Ways to sign in. Each ends with a session token of the chassis."""
