#!/usr/bin/env bash
# What depending on the client costs: crates built and the time of a cold debug build, beside
# reqwest alone with the same TLS. Only the ratios of one run count. Downloads are not timed.
#
#   client/benches/cost.sh [rounds]     one round by default; the fastest of each counts
set -euo pipefail
client=$(cd "$(dirname "$0")/.." && pwd)
rounds=${1:-1}
unset RUSTFLAGS RUSTC_WRAPPER CARGO_BUILD_RUSTC_WRAPPER CARGO_INCREMENTAL
export CARGO_TERM_COLOR=never

probes=$(mktemp -d)
trap 'rm -rf "$probes"' EXIT

reqwest=$(sed -n '/^name = "reqwest"$/{n;s/^version = "\(.*\)"$/\1/p}' "$client/../Cargo.lock")
names=("reqwest, rustls + http2" "partner-api, default" "reqwest, no features" "partner-api, no features")
needs=(
    "reqwest = { version = \"=$reqwest\", default-features = false, features = [\"rustls\", \"http2\"] }"
    "partner-api = { path = \"$client\" }"
    "reqwest = { version = \"=$reqwest\", default-features = false }"
    "partner-api = { path = \"$client\", default-features = false }"
)
measured_by=(0 0 2 2) # which row each is compared with

for row in "${!names[@]}"; do
    mkdir -p "$probes/$row/src"
    : >"$probes/$row/src/lib.rs"
    cp "$client/../Cargo.lock" "$probes/$row/" # the same versions as here
    printf '[package]\nname = "probe"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "${needs[row]}" \
        >"$probes/$row/Cargo.toml"
    cargo fetch --quiet --manifest-path "$probes/$row/Cargo.toml"
done

best=()
crates=()
for ((round = 0; round < rounds; round++)); do
    for row in "${!names[@]}"; do
        rm -rf "$probes/target"
        start=$(date +%s%N)
        CARGO_TARGET_DIR="$probes/target" cargo build --offline --manifest-path "$probes/$row/Cargo.toml" 2>"$probes/log" ||
            { cat "$probes/log" >&2; exit 1; }
        took=$((($(date +%s%N) - start) / 1000000))
        crates[row]=$(grep '^ *Compiling ' "$probes/log" | grep -vc ' probe ')
        if [[ -z ${best[row]:-} ]] || ((took < best[row])); then best[row]=$took; fi
    done
done

printf '%-26s %7s %10s %15s\n' "" crates "cold build" "of reqwest's"
for row in "${!names[@]}"; do
    awk -v name="${names[row]}" -v crates="${crates[row]}" -v took="${best[row]}" -v base="${best[${measured_by[row]}]}" \
        'BEGIN { printf "%-26s %7d %8.1f s %14.2f\n", name, crates, took / 1000, took / base }'
done
