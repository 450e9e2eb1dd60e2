"""The resonance box 共鸣箱: what people say becomes a measure with an owner, a date and a result."""
