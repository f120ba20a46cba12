from edge_agent.cli.main import app

app(prog_name="edge-agent")
