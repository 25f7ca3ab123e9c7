"""What keeps a book in order: backups, retention, verification, one writer at a time."""
