"""The figures of the appointment book, each a function that measures and judges."""
