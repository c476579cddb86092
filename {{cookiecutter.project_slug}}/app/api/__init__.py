"""How resources meet HTTP: it knows no subject, and is handed the tables of routes."""
