"""A synthetic caller: speaks and listens over the real wire, for the demo and the tests."""
