"""The appointment book and the call log; the only package that knows SQLAlchemy."""
