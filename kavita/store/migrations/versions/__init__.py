"""One module per revision, in order of `down_revision`."""
