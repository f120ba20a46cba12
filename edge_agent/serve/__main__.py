"""`python -m edge_agent.serve NAME`: one service, without the modules of the command line in its memory (10 MB)."""

from __future__ import annotations

import sqlite3
import sys
from importlib import import_module

from edge_agent.errors import EdgeAgentError
from edge_agent.serve.alone import alone
from edge_agent.serve.explain import explain
from edge_agent.serve.logs import begin_log
from edge_agent.serve.run import Service
from edge_agent.serve.tick import listen_early
from edge_agent.settings import load_settings


def main(name: Service) -> int:
    """Run until SIGTERM; give the exit code."""
    listen_early()
    try:
        settings = load_settings()
        begin_log(name, settings.log.format)
        with alone(settings.store.data_dir, name):
            # Only the named service is imported: each stays small, and one that can't be loaded breaks only itself.
            import_module(f"{__package__}.{name}").serve(settings)
    except (EdgeAgentError, sqlite3.Error, OSError) as error:
        known = explain(error)
        if known is None:
            raise
        sys.stderr.write("\n".join((known.message, *([known.do] if known.do else []), "")))
        return known.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Service(sys.argv[1])))
