"""One module for each `edge-agent bench`: a function of typed options that gives one `Bench`."""
