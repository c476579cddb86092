"""The suite: one contract, seen through HTTP and the command line."""
