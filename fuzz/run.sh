#!/usr/bin/env bash
# Fuzzes one target for so many seconds: fuzz/run.sh npy 600. Starts from the files of the tests and from what earlier runs
# found (fuzz/corpus/TARGET, not committed). What breaks a parser is left in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"
target=$1
seconds=${2:-600}
# With a target named, build scripts and macros go without the flags of .cargo/config.toml.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --quiet --target "$host" --bin "$target"
mkdir -p "corpus/$target" artifacts
case $target in
    npy) cp ../tests/data/*.npy ../tests/data/f*/*.npy corpus/npy/ ;;
    npz) cp ../tests/data/*.npz ../tests/data/f*/*.npz corpus/npz/ ;;
    mat) cp ../tests/data/*.mat ../tests/data/f*/*.mat corpus/mat/ ;;
    csv)
        cp ../tests/data/*.csv ../tests/data/f*/*.csv ../tests/data/f*/*.t?? corpus/csv/
        for table in information_plane training; do
            head -n 5 "../results/reference/rq1/$table.csv" >"corpus/csv/$table.csv" 2>/dev/null || true
        done
        printf '0.25,0.25\n0.5,0\n' >corpus/csv/joint.csv
        ;;
    packed) cp ../tests/data/f*/*.gz ../tests/data/files/no_* corpus/packed/ ;;
    safetensors)
        cp ../tests/data/f*/*.safetensors corpus/safetensors/
        # An array [1 x 2], and a network of two linear layers.
        printf '\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}        \0\0\x80\x3f\0\0\0\x40' \
            >corpus/safetensors/array
        header='{"0.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"0.bias":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"2.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},"2.bias":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}'
        { printf "\\x$(printf %x ${#header})\\0\\0\\0\\0\\0\\0\\0%s" "$header"; head -c 16 /dev/zero; } >corpus/safetensors/network
        ;;
    idx)
        # Two images of 1 x 2 pixels, 20 bytes, and their labels.
        printf '\x14\0\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\x33\xff\x66\0\0\x08\x01\0\0\0\x02\x01\0' >corpus/idx/images
        ;;
    toml)
        cp ../experiments/configs/*.toml corpus/toml/
        cp ../results/reference/rq1/config.toml corpus/toml/reference.toml
        ;;
esac
# A parser that needs a second, or 2 GB, for 64 kB at most is broken, too.
exec "target/$host/release/$target" "corpus/$target" -artifact_prefix=artifacts/ -max_total_time="$seconds" -max_len=65536 \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
