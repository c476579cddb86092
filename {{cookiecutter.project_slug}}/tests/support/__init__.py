"""What all tests use: applications, clients, databases, processes."""
