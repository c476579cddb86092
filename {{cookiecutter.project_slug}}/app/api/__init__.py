"""How resources meet HTTP: the framework, the contract, versions, pages, caching."""
