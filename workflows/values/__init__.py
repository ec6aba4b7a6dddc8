"""What travels: immutable pydantic types, shared by the core and both edges."""
