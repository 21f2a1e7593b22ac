# Recipes are one-liners over cargo; `just --list` shows them. Get just: cargo install just --locked

# arguments reach the programs as they were quoted
set positional-arguments

# what there is
default:
    @just --list

# RQ1: do layers follow predictable trajectories (fit, then compress)? e.g. `just rq1 --preset paper --replicas 20`
rq1 *ARGS:
    @{{just_executable()}} _question rq1 "$@"

# RQ2: how does SGD split into drift and diffusion, and does the transition cause compression?
rq2 *ARGS:
    @{{just_executable()}} _question rq2 "$@"

# RQ3: do converged layers lie on the Information Bottleneck bound, and satisfy its equations?
rq3 *ARGS:
    @{{just_executable()}} _question rq3 "$@"

# RQ4: what do more hidden layers buy, in epochs, in computation and in generalisation?
rq4 *ARGS:
    @{{just_executable()}} _question rq4 "$@"

# RQ5: what does the size of the training sample do to the layers, and what do finite-sample bounds say?
rq5 *ARGS:
    @{{just_executable()}} _question rq5 "$@"

# every claim over many defensible choices of training, rule and estimator, e.g. `just multiverse rq1`
multiverse NAME *ARGS:
    @name="$1"; shift; {{just_executable()}} _question "$name" --preset multiverse "$@"

# builds what `--backend` asks for, then runs
_question NAME *ARGS:
    @name="$1"; shift; cargo run --release --bin "$name" {{ if ARGS =~ '--backend[= ](ndarray|wgpu|cuda|remote)' { '--features ' + replace_regex(ARGS, '(?s).*--backend[= ]([a-z]+).*', '$1') } else { '' } }} -- "$@"

# this machine's devices for `--backend remote --address ws://HOST:PORT` elsewhere, e.g. `just serve --backend wgpu`
serve *ARGS:
    cargo run --release --bin serve --features remote{{ if ARGS =~ '--backend[= ](ndarray|wgpu|cuda)' { ',' + replace_regex(ARGS, '(?s).*--backend[= ]([a-z]+).*', '$1') } else { '' } }} -- "$@"

# a run on a Slurm cluster, e.g. `just submit rq4 --preset paper --tasks 40`; `--dry-run` shows the scripts (docs/cluster.md)
submit *ARGS:
    cargo build --release --bins
    @target/release/submit "$@"

# which estimator can be trusted, where: all of them on problems with known answers, e.g. `just calibrate --rows 20000 --problem layer`
calibrate *ARGS:
    cargo run --release --bin calibrate -- {{ARGS}}

# RQ1 with the information plane drawn in the terminal as it fills, e.g. `just watch --output results/seen`
watch *ARGS:
    @{{just_executable()}} _question rq1 --watch "$@"

# one page to look at, of every finished run in results/; e.g. `just report results/rq1/paper --output paper.html`
report *ARGS:
    cargo run --release --bin report -- "$@"

# a few seconds of every question: does everything run?
smoke *ARGS:
    cargo run --release --bin rq1 -- --preset smoke --output results/smoke/rq1 {{ARGS}}
    cargo run --release --bin rq2 -- --preset smoke --output results/smoke/rq2 {{ARGS}}
    cargo run --release --bin rq3 -- --preset smoke --output results/smoke/rq3 {{ARGS}}
    cargo run --release --bin rq4 -- --preset smoke --output results/smoke/rq4 {{ARGS}}
    cargo run --release --bin rq5 -- --preset smoke --output results/smoke/rq5 {{ARGS}}
    cargo run --release --bin report

# every test
test:
    cargo test --release

# rq1 on burn-ndarray, on wgpu and on a served device beside flex (builds them: minutes the first time; wgpu needs a Vulkan driver)
test-backends BACKENDS="ndarray wgpu remote":
    cargo test --release --test backends --no-run
    cargo build --release --bin rq1 --bin serve --features {{replace(BACKENDS, " ", ",")}}
    mkdir -p target/backends && cp target/release/rq1 target/release/serve target/backends/
    INFOPLANE_PROGRAMS="$PWD/target/backends" INFOPLANE_BACKENDS="{{BACKENDS}}" cargo test --release --test backends -- --nocapture

# the plane of models that burn-train trains: a crate beside the default build (builds burn-train: minutes the first time)
test-train *ARGS:
    cargo test --release -p infoplane-train --lib --test recorder "$@"
    cargo test --release -p infoplane-train --doc "$@"
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT \
        && cargo run --release -p infoplane-train --example digits "$@" -- --epochs 2 --output "$folder/digits"
    cargo clippy --release -p infoplane-train --all-targets -- -D warnings

# one of crates/train/examples with its plane: digits, mnist or modular-addition, e.g. `just example digits --epochs 20`
example NAME *ARGS:
    @name="$1"; shift; cargo run --release -p infoplane-train --example "$name" -- "$@"

# a real two-slot Slurm on this machine: an array with a task killed, submitted again, merged, compared with a local run
test-slurm:
    tests/slurm/run.sh

# licences and sources of all we build on, and known vulnerabilities where their list can be had. Get it: cargo install cargo-deny --locked
audit:
    cargo deny check licenses bans sources
    @if cargo deny fetch db; then cargo deny check advisories; else echo "audit: advisories NOT CHECKED, their list cannot be fetched from here" >&2; fi

# one parser against bytes it did not expect: mat, npy, npz, csv, packed, safetensors, idx or toml, for so many seconds
fuzz TARGET SECONDS="600":
    fuzz/run.sh "$1" "$2"

# the report in a browser: needs Node.js (20 or later) and Chromium (apt-get install nodejs npm chromium)
test-report:
    cargo build --release
    cd tests/browser && npm ci --silent && npm test

# the Python package as a newcomer gets it: into a clean virtual environment, then its tests; e.g. `just test-python python3.12 torch`
test-python PYTHON="python3" *EXTRA:
    cargo clippy --release -p infoplane-python -- -D warnings
    cargo build --release -p infoplane-python -p infoplane-experiments --lib --bin estimate --bin ib-curve --bin report
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && {{PYTHON}} -m venv "$folder" \
        && CARGO_TARGET_DIR="$PWD/target" "$folder/bin/pip" install --quiet './bindings/python[test]' scikit-learn scipy {{EXTRA}} \
        && cd bindings/python/tests && "$folder/bin/python" -m pytest -q -p no:cacheprovider

# format, lints and documentation, warnings denied
lint:
    cargo fmt --all --check
    cargo clippy --release --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --quiet

# the documentation, in the browser
doc:
    cargo doc --release --no-deps --open

# speed: an epoch of training beside composed burn, a hand-written loop and, where Python has torch, PyTorch; every estimator
bench PYTHON="python3":
    cargo bench --bench epoch
    cargo bench -p infoplane-info
    @{{PYTHON}} -c 'import torch' 2>/dev/null && {{PYTHON}} benches/pytorch.py || echo "PyTorch not run: {{PYTHON}} has no torch (pip install torch, or just bench path/to/python)"
