"""Microphone and loudspeaker of a machine, in a process of their own: a client of `/ws`."""
