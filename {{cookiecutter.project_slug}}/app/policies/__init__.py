"""Permissions: queries select what is visible, predicates tell what is allowed."""
