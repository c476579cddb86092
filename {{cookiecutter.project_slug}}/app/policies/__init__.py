"""Who may see and do what: queries for what is visible, predicates for what is allowed."""
