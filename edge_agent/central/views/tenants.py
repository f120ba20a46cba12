"""Institutions and their districts."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.central.database import Tx


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant: str
    name: str
    district: str
    venues: int


def list_tenants(tx: Tx) -> list[Tenant]:
    rows = tx.rows(
        "SELECT tenants.tenant, name, district, count(number) FROM tenants"
        " LEFT JOIN agents ON agents.tenant = tenants.tenant GROUP BY tenants.tenant, name, district"
        " ORDER BY district, tenants.tenant"
    )
    return [Tenant(*row) for row in rows]


def districts(tx: Tx) -> list[str]:
    return [row[0] for row in tx.rows("SELECT DISTINCT district FROM tenants WHERE district <> '' ORDER BY district")]


def save_tenant(tx: Tx, tenant: str, *, name: str, district: str) -> None:
    tx.run(
        "INSERT INTO tenants VALUES (%s, %s, %s) ON CONFLICT(tenant)"
        " DO UPDATE SET name = excluded.name, district = excluded.district",
        (tenant, name, district),
    )
