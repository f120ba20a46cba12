from edge_agent.cli.main import app

app()
