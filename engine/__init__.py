"""`fold` over `step`: features, moments, scores and decisions joined, in one order; no clock."""
