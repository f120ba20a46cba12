"""What several pages and the API show alike: read from the store, judged by the rules, without words."""
