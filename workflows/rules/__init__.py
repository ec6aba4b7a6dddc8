"""What is decided: pure functions from values to values, each answering with a reason."""
