"""What is known of a customer, why now, what may be done, and what is decided: pure rules."""
