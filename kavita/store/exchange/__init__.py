"""The book as JSON: `appointments.json` in and out, and what could not be used of it."""
