#!/usr/bin/env bash
# Installs a bundle of this checkout on a fresh Debian that is booted with its own systemd, and looks at it as a person
# would: sudo tests/appliance/boot.sh [SUITE]. It takes about six minutes, so it is not among the tests; run it after a
# change of units, sandboxes or the installer.
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
    mkdir "$machine/opt/checkout"
    ./install.sh bundle --python "$(chroot "$machine" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" \
        --output "$machine/opt"
    git ls-files -z | xargs -0 cp --parents -t "$machine/opt/checkout"
    inside >"$machine/opt/inside"
    printf '[Service]\nExecStart=/bin/bash /opt/inside\n' >"$machine/etc/systemd/system/inside.service"
    ln -s ../inside.service "$machine/etc/systemd/system/multi-user.target.wants/"
    timeout 600 systemd-nspawn --quiet --register=no --keep-unit --boot --directory "$machine" </dev/null >"$machine/boot.log" 2>&1
    cat "$machine/opt/log"
    grep -qx '+ : well' "$machine/opt/log"
}

inside() { # what runs in there; it ends with "well", or where it stopped
    cat <<'INSIDE'
trap poweroff EXIT
exec >/opt/log 2>&1
set -eux
echo 127.0.0.1 localhost >/etc/hosts
cd /opt/checkout
services=$(echo edge-agent-{capture,kiosk,sync,upkeep}.service)
./install.sh --offline /opt/edge_agent-*.tar
systemctl is-active $services
edge-agent fsck
edge-agent settings >/dev/null
python3 -c 'from urllib.request import urlopen; print(urlopen("http://localhost:8080/healthz").read())'
for service in $services; do
    kill -9 "$(systemctl show --property MainPID --value $service)"
done
sleep 15
systemctl is-active $services
before=$(systemctl show --property MainPID $services)
./install.sh --offline /opt/edge_agent-*.tar
[ "$before" = "$(systemctl show --property MainPID $services)" ]
journalctl --priority warning --unit 'edge-agent*' --output cat | sort | uniq -c
./install.sh uninstall
[ ! -e /opt/edge_agent ]
[ -s /var/lib/edge_agent/edge_agent.db ]
: well
INSIDE
}

main
