"""The rules of booking: plain dataclasses and pure functions; `now` is an argument."""
