"""A room without a sound card: PulseAudio's null sinks, air in Python between, Kavita in it."""
