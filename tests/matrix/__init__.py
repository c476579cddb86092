"""Render combinations of answers and run each rendered project's own suite on real servers."""
