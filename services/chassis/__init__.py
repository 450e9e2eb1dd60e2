"""What every service stands on: messaging, documents, time, settings, health. Knows no domain."""
