"""Tests of the machinery, on a small model of their own."""
