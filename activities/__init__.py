"""The other edge: planners, tools and the ledger. Holds their credentials, no Slack token."""
