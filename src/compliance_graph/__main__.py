"""`python -m compliance_graph`."""

from compliance_graph.cli import main

main()
