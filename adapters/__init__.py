"""What touches the machine: brokers of our own, kept journals, recordings, the view, metrics."""
