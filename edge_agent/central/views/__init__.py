"""What pages show, as queries: each within a person's scope, a page at a time, by an index."""
