"""Faces: who stands before the kiosk, living or flat, and a store of templates that forgets in time.

Invariants, each with a test that tries to break it:

1. A picture goes to the engine's child process and nowhere else; a dead or broken engine gives no decision.
2. A name is given only over several frames that agree, against the templates handed in: the lessons at hand.
3. A template stands in `faces.db` alone, encrypted; 60 s after a withdrawal no byte of it is left in any file.

For whoever runs a kiosk (`checkin/desk`, `web`), everything is these four names; `now` and `at` are monotonic seconds
(`Stamp.boottime`), never wall time:

    engine = FaceEngine(weights, "opencv")        # process.py: a child, restarted when it dies; close() ends it
    engine.submit("kiosk-1", jpeg, at)            # never blocks; of one stream only the newest waiting frame is kept
    observation = engine.latest("kiosk-1")        # Observation, each once, or None while there is no new one
    engine.health()                               # Health.STARTING | READY | BROKEN, and why

    encounter = Encounter(templates, engine=engine.identity, policy=LivenessPolicy.RISK_BASED, rng=Random(seed))
    answer = encounter.see(observation, now)      # encounter.py: pure; call it for every observation
    encounter.expect(templates)                   # the lessons at hand changed; the person in view is kept

`templates` is `Gallery.templates(trainee ids)`, a mapping of trainee id to `Template`. `see` gives one `Answer`
(answer.py): `Guide(hint)`, `Challenge(action, seconds)`, `Match(trainee, evidence)`, `Confirm(candidates, evidence)`,
`Unknown(evidence)`, `Refused(cause, evidence)`. Every answer carries `visit`, a number that grows with each person who
steps up: the last four are final and are repeated with the same `visit` until that person leaves, so act once a visit.
`evidence.recognition()` is the `Recognition` that goes into the fact. `encounter.view()` gives the embeddings of a
match, for `Gallery.add_live` after the first confirmed sign-ins.

Elsewhere: `enrolment.py` (photos, card, camera, station flow), `gallery.py`, `heads.py` (faces in classroom snapshots),
`evaluate.py` (`faces eval`), `manifest.py` and `fetch.py` (weights).
"""
