"""How resources meet HTTP: the flavor, the contract, versions, pages, caching."""
