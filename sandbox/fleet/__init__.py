"""The demo fleet: a small company's services, behind a real MCP server, in one SQLite file."""
