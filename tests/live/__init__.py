"""What a running project of a combination is tested with: other programs than its own suite."""
