"""What reviewers say and find: by criterion, with a comment, and nobody who has an interest in it."""
