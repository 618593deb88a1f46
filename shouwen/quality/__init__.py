"""How good the models are: streams with late labels, ours beside others, with intervals."""
