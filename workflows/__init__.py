"""The core: pure, durable, replayable. It imports no edge, no client and no network."""
