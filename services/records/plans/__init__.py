"""Plans of a year, their tasks and nodes: promised, pushed down from above, raised by people, urged."""
