"""What Kavita says and may do, whatever the brain."""
