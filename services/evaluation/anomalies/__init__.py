"""What differs from its own past, and asks a named human for a talk; nothing follows by itself."""
