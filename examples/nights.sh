#!/bin/sh
# A corpus that grows every night, simulated: each night brings new recordings, and one command line takes them in. At the
# end, a single run over everything makes the same tables.
#
#     examples/nights.sh [FOLDER [NIGHTS [FILES]]]
#
# FOLDER (runs/nights) must not exist. NIGHTS is at most 30, FILES is the number of new recordings each night. SER names the
# program.
set -eu
ser=${SER:-ser}
folder=${1:-runs/nights}
nights=${2:-30}
files=${3:-100}
if [ -e "$folder" ]; then
    echo "$folder exists; name another folder" >&2
    exit 2
fi

# Recordings for all nights: speakers come in groups of ten, the first group on the first nights.
speakers=$((nights * files / 50 + 10))
"$ser" synth "$folder/all" --speakers "$speakers" --sentences 2 --repetitions 5 --emotions anger,fear,happiness,neutral,sadness
(cd "$folder/all" && find . -name '*.wav' | sed 's|^\./||') |
    awk -F/ '{ match($1, /[0-9]+/); group = int((substr($1, RSTART, RLENGTH) - 1) / 10)
               order = 0; for (i = 1; i <= length($0); i++) order = (order * 31 + index("abcdefghijklmnopqrstuvwxyz0123456789_/.", substr($0, i, 1))) % 99991
               printf "%03d %05d %s\n", group, order, $0 }' |
    sort | cut -d ' ' -f 3 > "$folder/order"

cat > "$folder/nights.toml" <<'TOML'
name = "nights"
out = "calls"
partition = "date"                  # a folder of the features for each night

[[corpus]]
name = "calls"
source = "corpus"
pattern = '^(?P<date>[0-9-]+)/(?P<speaker>spk\d+)_(?P<gender>female|male)_(?P<emotion>[a-z]+)_(?P<text_id>s\d+)_r\d+\.wav$'

[features]
set = "mfcc-energy"

[checks]                            # exit code 5 before anything is trained
max_rejects = 0.02
max_silent = 0.01
duration_s = [0.3, 20.0]
max_drift = 2.0                     # a night brings few speakers, so chance alone moves much
against = "accepted.json"

[split]
scheme = "group-k-fold"
folds = 3
dev = 0
frozen = "accepted.json"            # the test speakers stay, new speakers join train

[train]
models = ["logistic", "naive-bayes"]

[evaluate]
bootstrap = 0
TOML

# The log is kept; its end is shown if the command fails.
logged() {
    "$@" 2>> "$folder/log" || { code=$?; tail -n 5 "$folder/log" >&2; exit "$code"; }
}

extracted() {
    sed -n 's/^ *"rows": \([0-9]*\).*/\1/p' "$folder/$1/run/extract.json"
}

echo "night       new  extracted   rows  seconds"
night=1
while [ "$night" -le "$nights" ]; do
    date=$(printf '2026-11-%02d' "$night")
    mkdir -p "$folder/corpus/$date"
    sed -n "$(((night - 1) * files + 1)),$((night * files))p" "$folder/order" | while read -r path; do
        cp "$folder/all/$path" "$folder/corpus/$date/$(echo "$path" | tr / _)"
    done
    # This is what cron runs. On the first night, nothing is accepted yet.
    start=$(date +%s)
    if [ "$night" = 1 ]; then
        said=$(logged "$ser" run "$folder/nights.toml" --set split.frozen= --set checks.against=)
        "$ser" accept "$folder/calls" --as "$folder/first.json" > "$folder/accepted.txt"
    else
        said=$(logged "$ser" run "$folder/nights.toml")
        "$ser" compare "$folder/accepted.json" "$folder/calls" --max-drop uar=0.1 --bootstrap 0 > "$folder/drift.md"
    fi
    "$ser" accept "$folder/calls" > "$folder/accepted.txt"
    new=$(echo "$said" | sed -n 's/^extract .* \([0-9]*\) of them new.*/\1/p')
    printf '%s %4d %10s %6d %8d\n' "$date" "$files" "${new:-$files}" "$(extracted calls)" $(($(date +%s) - start))
    night=$((night + 1))
done

# One run over everything, given the split of the first night.
logged "$ser" run "$folder/nights.toml" --out "$folder/once" --set split.frozen="$folder/first.json" --set checks.against= > "$folder/once.txt"
# The record of evaluate has the content hashes of the tables that it read: utterances, labels, splits, predictions and more.
for run in calls once; do
    sed -n '/"inputs"/,/}/p' "$folder/$run/run/evaluate.json" > "$folder/$run.hashes"
done
diff "$folder/calls.hashes" "$folder/once.hashes"
diff -r "$folder/calls/features" "$folder/once/features"
echo "the same tables as one run over everything: $folder/calls, $folder/once"
