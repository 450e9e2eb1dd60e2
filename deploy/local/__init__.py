"""The platform on one machine: a private broker, an embedded store, the services, a sample campus."""
