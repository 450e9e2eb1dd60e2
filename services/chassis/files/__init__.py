"""Files: received in parts, looked into, kept sealed for what they are attached to, given out again."""
