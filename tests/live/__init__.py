"""Tests of running projects with other programs than their own suites."""
