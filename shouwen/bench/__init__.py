"""Measuring: what one event costs, how large a state is; each number with the machine it is of."""
