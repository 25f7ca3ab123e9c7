"""From what a recognizer wrote to what the caller meant: tokens, numbers, days, times, wishes."""
