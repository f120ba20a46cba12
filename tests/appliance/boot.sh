#!/usr/bin/env bash
# The life of a device, on a fresh Debian that is booted with its own systemd: install, kill, keys as credentials, upgrade,
# an upgrade that goes back, uninstall, install again. `sudo tests/appliance/boot.sh [SUITE]` takes about ten minutes, so it is not among
# the tests; run it after a change of units, sandboxes or the installer.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=${1:-bookworm}
base=.cache/debian-$suite machine=.cache/machine-$suite

main() {
    { command -v debootstrap && command -v systemd-nspawn; } >/dev/null || { echo 'apt install debootstrap systemd-container' >&2; exit 1; }
    mkdir -p .cache
    [[ -d $base ]] || debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3 "$suite" "$base"
    rm -rf "$machine"
    cp -a "$base" "$machine"
    local python
    python=$(chroot "$machine" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')

    mkdir "$machine/opt/bundles" "$machine/opt/checkout"
    ./install.sh bundle --python "$python" --output "$machine/opt/bundles"
    git ls-files -z | xargs -0 cp --parents -t "$machine/opt/checkout"
    bundle_version 97.0.0 older
    bundle_version 98.0.0
    bundle_version 99.0.0 broken

    inside >"$machine/opt/inside"
    printf '[Service]\nExecStart=/bin/bash /opt/inside\n' >"$machine/etc/systemd/system/inside.service"
    ln -s ../inside.service "$machine/etc/systemd/system/multi-user.target.wants/"
    timeout 1500 systemd-nspawn --quiet --register=no --keep-unit --boot --directory "$machine" </dev/null >"$machine/boot.log" 2>&1
    cat "$machine/opt/log"
    grep -qx '+ : well' "$machine/opt/log"
}

# This checkout as another version; an older one hands no credentials to its services; a broken one migrates the database,
# and then its services don't start.
bundle_version() {
    local copy=.cache/version-$1 output
    output=$(realpath "$machine/opt/bundles")
    rm -rf "$copy"
    mkdir "$copy"
    git ls-files -z | xargs -0 cp --parents -t "$copy"
    cp models/*.onnx models/*.task "$copy/models"
    sed -i "s/^__version__ = .*/__version__ = \"$1\"/" "$copy/edge_agent/__init__.py"
    if [[ ${2-} == broken ]]; then
        sed -i 's/^        self\._notifier\.ready()/        raise SystemExit("this release is broken")/' "$copy/edge_agent/serve/tick.py"
        grep -q 'this release is broken' "$copy/edge_agent/serve/tick.py"
        cat >>"$copy/edge_agent/store/schema.py" <<'LATER'
MIGRATIONS = (*MIGRATIONS, lambda tables: _run(tables, "CREATE TABLE later(x)"))
VERSION = len(MIGRATIONS)
LATER
    fi
    if [[ ${2-} == older ]]; then
        sed -i '/^LoadCredential=/d; /^ExecStartPre=/d' "$copy"/systemd/*.service
    fi
    local command
    command=$(realpath .venv/bin)/python
    (cd "$copy" && "$command" -m edge_agent.appliance bundle --python "$python" --output "$output")
    rm -rf "$copy"
}

inside() { # what runs in there; it ends with "well", or where it stopped
    cat <<'INSIDE'
trap poweroff EXIT
exec >/opt/log 2>&1
set -eux
echo 127.0.0.1 localhost >/etc/hosts
cd /opt/checkout
services=$(echo edge-agent-{capture,kiosk,sync,upkeep}.service)
first=$(ls /opt/bundles/*.tar | grep -v -e -97 -e -98 -e -99)
facts() { # how many there are of a kind, which may be a pattern
    python3 -c 'import sqlite3, sys; print(sqlite3.connect("/var/lib/edge_agent/edge_agent.db").execute("SELECT count(*) FROM facts WHERE kind LIKE ?", sys.argv[1:]).fetchone()[0])' "$1"
}
keys=/etc/credstore data=/var/lib/edge_agent
handed() { # whether a service has its key from systemd, and whether only it could read it there
    cmp "$keys/edge-agent.$2" "/run/credentials/edge-agent-$1.service/$2"
    stat -c '%a %U' "/run/credentials/edge-agent-$1.service/$2" | grep -x "400 edge-$1"
}
lives() {
    systemctl is-active $services
    edge-agent fsck
    python3 -c 'from urllib.request import urlopen; print(urlopen("http://localhost:8080/healthz").read())'
    edge-agent cameras list
    edge-agent faces status
    ls -A /run | { ! grep '^edge-agent[.]'; } # what a command was handed goes with it
}

: a release that knew no credentials keeps its keys in its folders, and the next one takes them over
./install.sh --offline /opt/bundles/*-97.0.0-*.tar
lives
[ ! -e $keys/edge-agent.secrets.key ]
cp -a $data/secrets.key $data/faces/faces.key /root
./install.sh --offline "$first"
lives
cmp /root/secrets.key $keys/edge-agent.secrets.key
cmp /root/faces.key $keys/edge-agent.faces.key
handed capture secrets.key
handed kiosk faces.key
ls -la $keys $data $data/faces
[ -e $data/secrets.key ] && [ -e $data/faces/faces.key ]
for user in edge-capture edge-kiosk edge-sync edge-upkeep; do
    if runuser -u $user -- cat $keys/edge-agent.faces.key; then false; fi
done

: a device that is new
./install.sh uninstall
rm -r $data $keys/edge-agent.*
./install.sh --offline "$first"
lives
handed capture secrets.key
handed kiosk faces.key
[ ! -e $data/secrets.key ] && [ ! -e $data/faces/faces.key ]
edge-agent settings >/dev/null
for service in $services; do
    kill -9 "$(systemctl show --property MainPID --value $service)"
done
sleep 15
lives

: again, which changes nothing
before=$(systemctl show --property MainPID $services)
./install.sh --offline "$first"
[ "$before" = "$(systemctl show --property MainPID $services)" ]
old=$(readlink /opt/edge_agent/current)

: a key that this machine alone can open
systemd-creds encrypt --with-key=host --name=faces.key $keys/edge-agent.faces.key /root/encrypted
mkdir -p $keys.encrypted /etc/systemd/system/edge-agent-kiosk.service.d
mv /root/encrypted $keys.encrypted/edge-agent.faces.key
mv $keys/edge-agent.faces.key /root/faces.key
printf '[Service]\nLoadCredentialEncrypted=faces.key:edge-agent.faces.key\n' >/etc/systemd/system/edge-agent-kiosk.service.d/key.conf
systemctl daemon-reload
systemctl restart edge-agent-migrate edge-agent-kiosk
lives
cmp /root/faces.key /run/credentials/edge-agent-kiosk.service/faces.key
[ ! -e $keys/edge-agent.faces.key ] && [ ! -e $data/faces/faces.key ]

: upgrade
[ "$(facts software.changed)" = 0 ]
./install.sh --offline /opt/bundles/*-98.0.0-*.tar
new=$(readlink /opt/edge_agent/current)
[ "$old" != "$new" ]
[ "$(edge-agent --version)" = 'edge_agent 98.0.0' ] || edge-agent --version
[ "$(facts software.changed)" = 1 ]
lives

: an upgrade to a release that migrates and then does not start
count=$(facts %)
if ./install.sh --offline /opt/bundles/*-99.0.0-*.tar; then false; fi
[ "$new" = "$(readlink /opt/edge_agent/current)" ]
[ "$(facts %)" -ge "$count" ]
ls -l /var/lib/edge_agent
lives
handed capture secrets.key
systemd-analyze security --no-pager | grep edge-

: uninstall, which leaves the evidence, and install again, which goes on with it
journalctl --priority warning --unit 'edge-agent*' --output cat | sort | uniq -c
count=$(facts %)
./install.sh uninstall
[ ! -e /opt/edge_agent ]
[ "$(facts %)" -ge "$count" ]
[ -e /etc/edge_agent/config.toml ]
if systemctl cat edge-agent-capture.service; then false; fi
./install.sh --offline "$first"
lives
[ "$(facts %)" -gt "$count" ]
./install.sh uninstall
: well
INSIDE
}

main
