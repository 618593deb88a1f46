"""What people see of the models: their history read from `models.v1`, as text and as one page."""
