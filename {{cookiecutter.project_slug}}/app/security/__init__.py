"""Passwords and their hashes."""
