"""What is on the wire: one file per topic family, frozen, strictly typed."""
