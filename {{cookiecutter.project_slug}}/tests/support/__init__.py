"""Helpers of all tests: applications, clients, databases, processes."""
