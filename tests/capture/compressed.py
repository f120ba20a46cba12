"""Lessons of seconds instead of hours: a policy file with the figures of a notice, made small."""

from __future__ import annotations

from pathlib import Path

from edge_agent.policies import policy_folder

_FIGURES = {
    'length = "00:45:00"': 'length = "00:{minutes:02}:{seconds:02}"',
    'before = "00:15:00", after = "00:15:00"': 'before = "00:00:02", after = "00:00:02"',
    'before = "00:01:00", after = "00:15:00"': 'before = "00:00:01", after = "00:00:02"',
    'opening = "00:10:00"': 'opening = "00:00:04"',
    'closing = "00:10:00"': 'closing = "00:00:04"',
    'opening_target = "00:03:00"': 'opening_target = "00:00:02"',
    'closing_target = "00:03:00"': 'closing_target = "00:00:02"',
    'jitter = "00:01:00"': 'jitter = "00:00:00.5"',
    'length = "00:01:00"': 'length = "00:00:03"',
    'pre_roll = "00:01:00"': 'pre_roll = "00:00:02"',
}


def compressed_policy(folder: Path, name: str = "jinan-2024", *, period: int = 14) -> str:
    """Write the file and give its path: what a class names as its policy."""
    text = (policy_folder() / f"{name}.toml").read_text("utf-8")
    minutes, seconds = divmod(period, 60)
    for figure, small in _FIGURES.items():
        text = text.replace(figure, small.format(minutes=minutes, seconds=seconds))
    path = folder / f"{name}-{period}s.toml"
    path.write_text(text, "utf-8")
    return str(path)
