"""One module or package per document kind; each has build(report, version) -> Document."""
