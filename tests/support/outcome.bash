# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Outcomes of tests in one form, whatever ran them. Every function appends lines to the file $OUTCOMES:
#
#   pass NAME
#   fail NAME
#   skip NAME: reason

# outcome_of NAME COMMAND...: the command is the test. Exit status 77 is a skip, its last line the reason.
outcome_of() {
    local name=$1 status output
    shift
    output=$(mktemp)
    echo "# $name: $*"
    "$@" > >(tee "$output") 2>&1
    status=$?
    wait $! # tee has written everything
    case $status in
    0) echo "pass $name" ;;
    77) echo "skip $name: $(tail -n 1 "$output")" ;;
    *) echo "fail $name" ;;
    esac >>"$OUTCOMES"
    rm -f "$output"
    ((status == 0 || status == 77))
}

# outcomes_of_ctest FOLDER OPTION...: the tests of one build folder.
outcomes_of_ctest() {
    local folder=$1 report status
    shift
    report=$(mktemp)
    ctest --test-dir "$folder" --output-junit "$report" "$@"
    status=$?
    # One test a <testcase>; the reason for a skip is the last line of what the test printed.
    awk '
        function attribute(line, key) {
            return match(line, " " key "=\"[^\"]*\"") \
                ? substr(line, RSTART + length(key) + 3, RLENGTH - length(key) - 4) : ""
        }
        /<testcase / { name = attribute($0, "name"); state = attribute($0, "status"); reason = ""; skipped = 0 }
        /<skipped message="SKIP_RETURN_CODE/ { skipped = 1 }
        /<system-out>/ { inside = 1; sub(/.*<system-out>/, "") }
        inside { line = $0; sub(/<\/system-out>.*/, "", line); if (line != "") reason = line }
        /<\/system-out>/ { inside = 0 }
        /<\/testcase>/ {
            if (state == "run") print "pass " name
            else if (skipped) print "skip " name ": " reason
            else print "fail " name # or it could not be started
        }' "$report" | sed "s/&apos;/'/g; s/&quot;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g" >>"$OUTCOMES"
    rm -f "$report"
    # ctest itself can fail without any test having done so.
    if ((status != 0)) && ! grep -q '^fail ' "$OUTCOMES"; then
        echo "fail ctest in $folder ended with status $status" >>"$OUTCOMES"
    fi
    return "$status"
}

# outcomes_of_bats FOLDER [PREFIX...]: every .bats file in it. The prefix is the command that runs bats.
outcomes_of_bats() {
    local folder=$1 tap status
    shift
    compgen -G "$folder/*.bats" >/dev/null || return 0
    tap=$(mktemp)
    BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-120} "$@" bats --formatter tap --timing "$folder" >"$tap" 2>&1
    status=$?
    cat "$tap"
    sed -E 's/ in [0-9]+ms( #|$)/\1/' "$tap" | sed -nE '
        s/^ok [0-9]+ (.*) # skip ?(.*)/skip \1: \2/p
        t
        s/^ok [0-9]+ /pass /p
        s/^not ok [0-9]+ /fail /p' >>"$OUTCOMES"
    if ((status != 0)) && ! grep -q '^fail ' "$OUTCOMES"; then
        echo "fail bats $folder ended with status $status" >>"$OUTCOMES"
    fi
    rm -f "$tap"
    return "$status"
}

# outcome_counts FILE...: "passed failed skipped"
outcome_counts() {
    cat "$@" | awk '{ n[$1]++ } END { print n["pass"] + 0, n["fail"] + 0, n["skip"] + 0 }'
}
