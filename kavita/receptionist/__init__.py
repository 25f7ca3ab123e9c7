"""The keyless brain: a rule-based chat model, a pure function of the conversation so far."""
