# `scripts/just` finds or installs `just`; then: scripts/just demo

set positional-arguments

export PATH := justfile_directory() / "target/release" + ":" + env("PATH")

# List the recipes
default:
    @just --list --unsorted

# Show the whole pipeline on synthetic lifters: train, judge persons never seen, draw a contact sheet
[group('use')]
demo: build
    scripts/demo

# Make a folder to begin with: exercises, tables, settings, and drawn videos to try things on
[group('use')]
init dir: build
    scripts/init "$1"

# Install what the build needs; quick where nothing is to do
[group('use')]
setup:
    @scripts/setup

# Say what is present, what is missing and the command that mends it
[group('use')]
doctor:
    @scripts/doctor

# Build the tools into target/release
[group('use')]
build: setup
    cargo build --release --locked

# Say what to mend in data/training_data, and what to film first
[group('use')]
check-data *args: build
    wo-extract probe data/training_data | wo-collect check - "$@"

# Train, judge beside the model in use, and promote what the gate lets pass: `just retrain DIR`
[group('use')]
retrain *args: build
    scripts/retrain "$@"

# Retrain a workspace from cron every week: `just cron-install DIR`
[group('use')]
cron-install *args: build
    scripts/cron/crontab install "$@"

# Take the line of a workspace out of the crontab again: `just cron-remove DIR`
[group('use')]
cron-remove *args:
    scripts/cron/crontab remove "$@"

# Run all tests
[group('check')]
test *args: setup
    scripts/test "$@"

# Run the tests of the crates that need no libtorch
[group('check')]
test-light *args: setup
    scripts/test --light "$@"

# Look for bytes that break a parser, for a minute each: `just fuzz`, `just fuzz -s 600 table` (needs a nightly Rust)
[group('check')]
fuzz *args: setup
    scripts/fuzz "$@"

# Make a folder that checks a machine with a GPU and nothing else: docs/gpu-check.md (an hour the first time)
[group('check')]
gpu-check *args: setup
    scripts/gpu-check "$@"

# Eight simulated weeks of retraining, and whether models get better: a table, and a chart in soak/weeks.svg (ten minutes)
[group('check')]
soak: build
    scripts/soak

# Run the recipes of docs/scale.md for real: GNU parallel, ssh, Slurm, Spark (`scripts/setup scale` brings them; two minutes)
[group('check')]
scale-check *args: build
    scripts/setup scale
    scripts/scale/check "$@"

# The long forms of tests: broken files, models, streams and requests, kills, attempts to break out (over an hour)
[group('check')]
verify-full: setup
    WO_FULL=1 cargo test --locked -p wo-extract --test it -- --nocapture corpus killed breakout sandbox limits
    WO_FULL=1 cargo test --locked -p wo-train --test it -- --nocapture resume ranks
    WO_FULL=1 cargo test --locked -p wo-review --test it -- --nocapture killed power hostile_requests
    WO_FULL=1 cargo test --locked -p wo-collect --test it -- --nocapture killed
    WO_FULL=1 cargo test --locked -p wo-clip --test numbers -- --nocapture
    WO_FULL=1 cargo test --locked -p wo-eval --test it -- --nocapture broken_models shards
    WO_FULL=1 cargo test --locked -p wo-tests --test pipeline -- --nocapture retrain streams

# Form, words, scripts, dependencies and lints
[group('check')]
check: setup
    scripts/check

# Documentation of the code, with warnings as errors
[group('check')]
docs: setup
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# Everything that a change must pass
[group('check')]
ci:
    .ci/run

# Format the code
[group('work')]
fmt:
    cargo fmt --all
    @scripts/setup checks
    "${WO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wo}/venv-checks/bin/ruff" format

# Make the golden numbers of wo-clip anew with Python transformers
[group('work')]
golden: setup
    scripts/golden

# Make the golden numbers of wo-stats anew with scikit-learn, scipy, netcal and cleanlab
[group('work')]
golden-statistics: setup
    scripts/golden-statistics

# Compare with Python: a model that wo-train wrote, full-size ones of transformers and open_clip, exported frames
[group('work')]
parity *what: build
    scripts/parity "$@"

# Measure a tool against what people use instead: `just bench extract`; others: review, train, quality, eval, suspects, shortcuts, honesty, queue, describe, synth, scale, scale-records
[group('work')]
bench name *args: build
    scripts/bench/"$@"

# Make models/tiny anew: draw thousands of frames and train a small CLIP on them (under two hours)
[group('work')]
pretrain-tiny: build
    scripts/pretrain-tiny

# Run the checks of this repository before each commit
[group('work')]
hooks:
    git config core.hooksPath scripts/hooks

# Remove what the demo made
[group('work')]
clean-demo:
    rm -rf demo
