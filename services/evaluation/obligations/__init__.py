"""What organisations owe, period by period."""
