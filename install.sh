#!/usr/bin/env bash
# 安装、演示、测试 / install, demo, test: ./install.sh help
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"

# Debian packages; `command:package` where the command may also have come from elsewhere.
readonly APPLIANCE_PACKAGES=(python3-venv)
readonly SCREEN_PACKAGES=(cage chromium:chromium fonts-noto-cjk fonts-wqy-microhei)
readonly TEST_PACKAGES=( # the tests talk to these as they are shipped
    python3-venv mosquitto mosquitto-clients postgresql ffmpeg faketime fonts-noto-cjk poppler-utils libreoffice-calc
    fonts-wqy-microhei swtpm tpm2-tools
    gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-{base,good,bad,ugly} iproute2 iptables shellcheck systemd
    libatomic1 npm:npm chromium:chromium
)

main() {
    local command=${1:-install}
    case $command in
        -h | --help) command=help ;;
        -*) command=install ;;
        *) shift || true ;;
    esac
    case $command in
        install | upgrade) run_appliance install "$@" ;;
        uninstall) run_appliance uninstall "$@" ;;
        bundle) make_bundle "$@" ;;
        test) run_tests "$@" ;;
        demo) run_demo "$@" ;;
        help) show_help ;;
        *) die "没有 $command 这个命令，请看 ./install.sh help" "There is no command $command: see ./install.sh help" ;;
    esac
}

show_help() {
    cat <<'HELP'
sudo ./install.sh [选项]          安装或升级本机；升级会等到下课，不正常则自动恢复旧版本
     --offline 安装包             不联网安装        --config 文件   使用这份配置
     --screen                     在本机屏幕上显示签到页面    --now   不等下课
     --stick 文件夹               从 U 盘读取配置与接入信息；卷标为 EDGE-AGENT 的 U 盘自动识别
sudo ./install.sh uninstall       卸载程序，保留证据与配置
./install.sh bundle               制作离线安装包（--machine aarch64 --python 3.11）
./install.sh demo [选项]          在本机演示整个过程：虚拟摄像头、签到、录像、同步、核验
./install.sh test [pytest 选项]   检查代码并运行全部测试；以 root 运行时补装缺少的系统软件包

sudo ./install.sh [options]       install or upgrade this device; waits for the end of a lesson, goes back if not healthy
     --offline BUNDLE             fetch nothing     --config FILE   put this configuration there
     --screen                     show the kiosk on the attached screen    --now   don't wait for the end of a lesson
     --stick FOLDER               configuration and enrolment from a USB stick; one labelled EDGE-AGENT is found by itself
sudo ./install.sh uninstall       take the program away; evidence and configuration stay
./install.sh bundle               make an offline bundle (--machine aarch64 --python 3.11)
./install.sh demo [options]       the whole product at work here: virtual cameras, check-in, recording, sync, verification
./install.sh test [pytest options]   linters, types and all tests; as root, installs missing system packages
HELP
}

run_tests() {
    require_64_bit
    install_packages "${TEST_PACKAGES[@]}"
    make_environment test
    install_dlib
    .venv/bin/edge-agent models fetch

    say "代码检查" "linters and types"
    shellcheck install.sh .ci/run config/constraints/compile.sh systemd/bin/edge-agent tests/appliance/boot.sh
    .venv/bin/ruff check --quiet .
    .venv/bin/ruff format --quiet --check .
    .venv/bin/mypy
    .venv/bin/lint-imports --no-logo

    say "测试" "tests"
    # Most tests wait for a camera, a broker or a clock rather than compute: one process more than there are cores.
    # A file's tests stay in one process: a module's browser or servers are its own.
    exec .venv/bin/python -m pytest --numprocesses $(($(nproc) + 1)) --dist loadfile "$@"
}

run_appliance() { # $1: install or uninstall
    require_64_bit
    local python arguments=" $* " modules=venv
    if [[ $1 == install && $arguments != *" --offline "* ]]; then
        modules=venv,ensurepip
        [[ ! -e /proc/device-tree/model || $(</proc/device-tree/model) != Raspberry* ]] || install_packages python3-picamera2
        [[ $arguments == *" --root "* ]] || install_packages "${APPLIANCE_PACKAGES[@]}"
        [[ $arguments != *" --screen "* ]] || install_packages "${SCREEN_PACKAGES[@]}"
    fi
    python=$(find_python "$modules")
    exec "$python" -m edge_agent.appliance "$@"
}

make_bundle() {
    require_64_bit
    make_environment runtime
    exec .venv/bin/python -m edge_agent.appliance bundle "$@"
}

run_demo() {
    require_64_bit
    make_environment runtime
    .venv/bin/edge-agent models fetch
    exec .venv/bin/edge-agent demo "$@"
}

require_64_bit() {
    [[ $(getconf LONG_BIT) == 64 ]] || die "需要 64 位系统：人脸与视频组件没有 32 位版本，请改装 64 位 Debian 或 Raspberry Pi OS" \
        "A 64-bit system is required, the face and video libraries have no 32-bit build: install 64-bit Debian or Raspberry Pi OS"
}

find_python() { # $1: modules that it must have
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c "import sys, $1; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    die "需要 Python 3.11 至 3.13（含 venv）：apt install python3-venv，或用 PYTHON=/路径/python3 指定" \
        "Python 3.11 to 3.13 with venv is required: apt install python3-venv, or name one with PYTHON=/path/python3"
}

# Pinned dependencies ($1: runtime or test) and this checkout in .venv; nothing to do where that is done already.
make_environment() {
    local lock="config/constraints/$1.txt" stamp=".venv/installed-$1" python wanted
    wanted=$(sha256sum config/constraints/build.txt "$lock" pyproject.toml)
    if [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && .venv/bin/edge-agent --version &>/dev/null; then return; fi

    say "安装 Python 组件" "Python packages"
    python=$(find_python venv,ensurepip)
    .venv/bin/python -c '' 2>/dev/null || "$python" -m venv --clear .venv
    local pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input)
    "${pip[@]}" --require-hashes -r config/constraints/build.txt
    "${pip[@]}" --require-hashes --only-binary :all: -r "$lock"
    "${pip[@]}" --no-deps --no-build-isolation --editable .
    echo "$wanted" >"$stamp"
}

# The optional engine that faces are compared with, so that one suite holds both.
install_dlib() {
    .venv/bin/python -c 'import dlib' 2>/dev/null || .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --no-input --require-hashes --only-binary :all: -r config/constraints/dlib.txt
}

# Those of the packages that are missing, in one call of apt, without starting their services.
install_packages() {
    command -v dpkg-query >/dev/null || die "只支持 Debian 与 Raspberry Pi OS" "Only Debian and Raspberry Pi OS are supported"
    local package status missing=()
    for package in "$@"; do
        if [[ $package == *:* ]]; then
            command -v "${package%:*}" >/dev/null || missing+=("${package#*:}")
        else
            status=$(dpkg-query --show --showformat '${db:Status-Abbrev}' "$package" 2>/dev/null) || true
            [[ $status == ii* ]] || missing+=("$package")
        fi
    done
    ((${#missing[@]})) || return 0

    ((EUID == 0)) || die "缺少系统软件包，请先运行：sudo apt install ${missing[*]}" \
        "System packages are missing; run: sudo apt install ${missing[*]}"
    say "安装系统软件包：${missing[*]}" "system packages"
    (
        if [[ ! -e /usr/sbin/policy-rc.d ]]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d # Debian's way to say: start nothing
            chmod +x /usr/sbin/policy-rc.d
        fi
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null
    )
}

say() {
    printf '==> %s / %s\n' "$@"
}

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

main "$@"
