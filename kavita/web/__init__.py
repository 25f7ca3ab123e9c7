"""HTTP and WebSocket in, pages out."""
