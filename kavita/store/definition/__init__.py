"""From `clinic.toml` to the clinic that the rules work with."""
