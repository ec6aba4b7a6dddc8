"""What people see: pure functions from values to blocks. No client, no clock, no network."""
