"""Taking over spreadsheets: organisations, people with their posts, activities of earlier years."""
