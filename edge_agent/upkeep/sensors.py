"""Temperature and supply of the board, from the kernel's tree; `root` is another tree in tests."""

from __future__ import annotations

from pathlib import Path


def celsius(root: Path = Path("/")) -> float | None:
    """Give the hottest thermal zone (sysfs: thousandths of a degree), or None where there is none."""
    found = []
    for zone in (root / "sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            found.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):
            continue  # a zone of a sleeping device answers with an error
    return max(found, default=None)


def under_voltage(root: Path = Path("/")) -> bool:
    """Say whether a Raspberry Pi's firmware reports a sagging supply (hwmon driver rpi_volt)."""
    for hwmon in (root / "sys/class/hwmon").glob("hwmon*"):
        try:
            if (hwmon / "name").read_text().strip() == "rpi_volt":
                return (hwmon / "in0_lcrit_alarm").read_text().strip() == "1"
        except OSError:
            continue
    return False
