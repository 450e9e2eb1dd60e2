"""Tickets: the right to speak or to vote once, signed blind: spending one does not tell who drew it."""
