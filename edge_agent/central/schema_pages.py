"""The tables behind the centre's pages; steps 2 and 3 of the schema. The same rules as in `schema`.

What the digest makes of facts can be made anew from them at any time; what people do here can't.
"""

from __future__ import annotations

TENANTS = """
-- An institution, which its district's inspectors see.
CREATE TABLE tenants(
    tenant TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', district TEXT NOT NULL DEFAULT '');
CREATE INDEX tenants_district ON tenants(district);
INSERT INTO tenants(tenant) SELECT DISTINCT tenant FROM agents;
CREATE INDEX agents_tenant ON agents(tenant, venue);
CREATE INDEX certificates_agent ON certificates(agent);
"""

STAFF = """
-- `scope` is a tenant or a district, by `scope_kind` (both empty: everything). A token is kept as its SHA-256.
CREATE TABLE users(
    id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
    scope_kind TEXT NOT NULL DEFAULT '', scope TEXT NOT NULL DEFAULT '', password TEXT NOT NULL,
    must_change INTEGER NOT NULL DEFAULT 1, password_ends BIGINT, failures INTEGER NOT NULL DEFAULT 0,
    locked_until BIGINT NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 1, created BIGINT NOT NULL);
CREATE TABLE sessions(
    token TEXT PRIMARY KEY, account TEXT NOT NULL, opened BIGINT NOT NULL, seen BIGINT NOT NULL,
    expires BIGINT NOT NULL, address TEXT NOT NULL);
CREATE INDEX sessions_account ON sessions(account);
CREATE INDEX sessions_expires ON sessions(expires);
-- What people did here: never changed, never deleted.
CREATE TABLE actions(
    id {serial}, at BIGINT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '');
"""

READ = """
CREATE TABLE digested(agent BIGINT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY(agent, epoch));
-- What a venue says of itself; `fact_at` is when its newest fact happened, `taken_at` when it came.
CREATE TABLE standings(
    agent BIGINT PRIMARY KEY, state_at BIGINT NOT NULL DEFAULT 0, facts BIGINT NOT NULL DEFAULT 0,
    media BIGINT NOT NULL DEFAULT 0, media_bytes BIGINT NOT NULL DEFAULT 0, oldest BIGINT,
    version TEXT NOT NULL DEFAULT '', trust TEXT NOT NULL DEFAULT '', fact_at BIGINT, taken_at BIGINT);
CREATE INDEX standings_oldest ON standings(oldest);
CREATE TABLE alarms(
    agent BIGINT NOT NULL, alarm TEXT NOT NULL, level TEXT NOT NULL, detail TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY(agent, alarm));
CREATE TABLE cameras(
    agent BIGINT NOT NULL, camera TEXT NOT NULL, name TEXT NOT NULL DEFAULT '', room TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'unknown', at BIGINT, bound INTEGER NOT NULL DEFAULT 1, PRIMARY KEY(agent, camera));
CREATE TABLE rooms(agent BIGINT NOT NULL, room TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(agent, room));
CREATE TABLE classes(
    agent BIGINT NOT NULL, id TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, category TEXT NOT NULL,
    opens TEXT NOT NULL, closes TEXT NOT NULL, required BIGINT NOT NULL, online_required BIGINT NOT NULL,
    policy TEXT NOT NULL, owner TEXT NOT NULL, revision BIGINT NOT NULL, size_exception TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'draft', by_hand INTEGER NOT NULL DEFAULT 0, warnings TEXT NOT NULL DEFAULT '[]',
    roster TEXT NOT NULL DEFAULT '', roster_revision BIGINT NOT NULL DEFAULT 0,
    roster_confirmed INTEGER NOT NULL DEFAULT 1, trainees TEXT NOT NULL DEFAULT '[]',
    headcount BIGINT NOT NULL DEFAULT 0, PRIMARY KEY(agent, id));
CREATE INDEX classes_opens ON classes(opens);
CREATE INDEX classes_state ON classes(state, opens);
-- `first_place` to `last_place` are the facts among which those of its recordings stand.
CREATE TABLE lessons(
    agent BIGINT NOT NULL, id TEXT NOT NULL, class_id TEXT NOT NULL DEFAULT '', day TEXT NOT NULL DEFAULT '',
    start TEXT NOT NULL DEFAULT '', periods BIGINT NOT NULL DEFAULT 0, break_minutes BIGINT NOT NULL DEFAULT 0,
    room TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '', teacher TEXT NOT NULL DEFAULT '',
    subgroup TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL DEFAULT 'normal', ends TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '', revision BIGINT NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 1,
    change TEXT NOT NULL DEFAULT '', cancelled INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
    verdict TEXT NOT NULL DEFAULT '', reasons TEXT NOT NULL DEFAULT '[]', verdict_at BIGINT,
    segments BIGINT NOT NULL DEFAULT 0, seconds BIGINT NOT NULL DEFAULT 0, bytes BIGINT NOT NULL DEFAULT 0,
    gaps BIGINT NOT NULL DEFAULT 0, first_place BIGINT NOT NULL DEFAULT 0, last_place BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY(agent, id));
CREATE INDEX lessons_day ON lessons(day, start, agent, id);
CREATE INDEX lessons_verdict ON lessons(day, verdict);
CREATE INDEX lessons_venue ON lessons(agent, day, start, id);
CREATE INDEX lessons_class ON lessons(agent, class_id, day, start, id);
CREATE INDEX lessons_edits ON lessons(day, start, agent, id) WHERE confirmed = 0;
-- `in_fact` and `out_fact` are places of facts, by which a correction names them.
CREATE TABLE attendance(
    agent BIGINT NOT NULL, unit TEXT NOT NULL, trainee TEXT NOT NULL, class_id TEXT NOT NULL, lesson TEXT NOT NULL,
    in_at BIGINT, in_how TEXT NOT NULL DEFAULT '', in_fact BIGINT NOT NULL DEFAULT 0,
    out_at BIGINT, out_how TEXT NOT NULL DEFAULT '', out_fact BIGINT NOT NULL DEFAULT 0,
    corrected TEXT NOT NULL DEFAULT '', PRIMARY KEY(agent, unit, trainee));
CREATE INDEX attendance_lesson ON attendance(agent, lesson);
CREATE INDEX attendance_trainee ON attendance(agent, trainee, in_at);
CREATE INDEX attendance_class ON attendance(agent, class_id);
CREATE TABLE snapshots(
    agent BIGINT NOT NULL, lesson TEXT NOT NULL, slot TEXT NOT NULL, period BIGINT, slot_kind TEXT NOT NULL,
    state TEXT NOT NULL, at BIGINT, camera TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '',
    media TEXT NOT NULL DEFAULT '', heads BIGINT, cause TEXT NOT NULL DEFAULT '', PRIMARY KEY(agent, lesson, slot));
CREATE INDEX snapshots_media ON snapshots(agent, media);
CREATE INDEX snapshots_at ON snapshots(at, agent, slot);
CREATE TABLE media_gone(agent BIGINT NOT NULL, media TEXT NOT NULL, cause TEXT NOT NULL, PRIMARY KEY(agent, media));
-- Who the opaque ids are, out of the rosters. `person` is a keyed hash of the document number: the same person at two
-- venues has the same one, and nobody who reads it can try numbers. `shared`: more than one row has this person.
CREATE TABLE people(
    agent BIGINT NOT NULL, trainee TEXT NOT NULL, class_id TEXT NOT NULL, name TEXT NOT NULL, person TEXT NOT NULL,
    content TEXT NOT NULL, shared INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(agent, trainee));
CREATE INDEX people_person ON people(person);
CREATE INDEX people_class ON people(agent, class_id);
CREATE INDEX people_shared ON people(person) WHERE shared = 1;
CREATE TABLE teachers(
    agent BIGINT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, full_time INTEGER NOT NULL DEFAULT 0,
    phone TEXT NOT NULL DEFAULT '', classes TEXT NOT NULL DEFAULT '[]', PRIMARY KEY(agent, id));
-- Documents that a fact names and that have not come yet, or were not read yet.
CREATE TABLE wanted(agent BIGINT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY(agent, sha256));
CREATE INDEX documents_sha256 ON documents(agent, sha256);
"""

WORK = """
-- One message to one trainee (一键通知): asked for once, sent once.
CREATE TABLE notices(
    agent BIGINT NOT NULL, class_id TEXT NOT NULL, trainee TEXT NOT NULL, asked BIGINT NOT NULL,
    account TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', tries BIGINT NOT NULL DEFAULT 0,
    due BIGINT NOT NULL DEFAULT 0, at BIGINT, detail TEXT NOT NULL DEFAULT '', PRIMARY KEY(agent, class_id, trainee));
CREATE INDEX notices_due ON notices(due) WHERE state = 'waiting';
CREATE INDEX notices_asked ON notices(asked);
CREATE TABLE media_requests(
    agent BIGINT NOT NULL, media TEXT NOT NULL, lesson TEXT NOT NULL, command TEXT NOT NULL, account TEXT NOT NULL,
    at BIGINT NOT NULL, PRIMARY KEY(agent, media));
CREATE INDEX media_requests_at ON media_requests(at);
-- `document` is the signed list: quarter, seed, population, what was drawn. Rows beside it are for looking up only.
CREATE TABLE samples(
    id TEXT PRIMARY KEY, scope_kind TEXT NOT NULL, scope TEXT NOT NULL, quarter TEXT NOT NULL, subject TEXT NOT NULL,
    round BIGINT NOT NULL, at BIGINT NOT NULL, account TEXT NOT NULL, population BIGINT NOT NULL,
    chosen BIGINT NOT NULL, document TEXT NOT NULL, UNIQUE(scope_kind, scope, quarter, subject, round));
CREATE TABLE sample_items(
    sample TEXT NOT NULL, number BIGINT NOT NULL, agent BIGINT NOT NULL, item TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', account TEXT NOT NULL DEFAULT '', at BIGINT,
    PRIMARY KEY(sample, number));
CREATE INDEX sample_items_item ON sample_items(agent, item);
"""

INSPECTIONS = """
-- What inspectors found of what was drawn, each word signed by the centre: never changed, never deleted. The newest of
-- an item counts; `sample_items` repeats it for looking up.
CREATE TABLE inspections(
    id {serial}, sample TEXT NOT NULL, number BIGINT NOT NULL, document TEXT NOT NULL);
CREATE INDEX inspections_sample ON inspections(sample, number);
"""
