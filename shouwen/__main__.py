"""`python -m shouwen`: the command line, also where the script is not on the path."""

from shouwen.cli import main

main()
