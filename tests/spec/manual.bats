# SPDX-License-Identifier: Apache-2.0
#
# The manual pages say what the help says: one page a command, with the same options.

setup() {
    wherry=${WHERRY_BUILD:?}/runtime/wherry
    pages=$BATS_TEST_DIRNAME/../../docs/man
}

commands() {
    "$wherry" --help | sed -nE '/^commands:/,/^$/s/^  ([a-z-]+) .*/\1/p'
}

# Options of a help text or a page, one a line: "-b --bundle DIR".
options_of_help() {
    sed -nE 's/^ +((-[a-zA-Z]), )?(--[a-z-]+)( [A-Z][^ ]*)?( .*)?$/\2 \3\4/p' | sed 's/^ //' | sort
}

options_of_page() {
    sed -nE 's/^\.It (Fl ([a-zA-Z]) , )?Fl (-[a-z-]+)( Ar ([^ ]+))?$/-\2 -\3 \5/p' "$1" | sed -E 's/^- //; s/ $//' | sort
}

@test "every command has a page, and every page a command" {
    diff <({ echo monitor && commands; } | sed 's/.*/wherry-&.8/' | sort) <(cd "$pages" && printf '%s\n' wherry-*.8 | sort)
}

@test "the pages have the options of the help" {
    local command
    diff <("$wherry" --help | options_of_help) <(options_of_page "$pages/wherry.8")
    for command in $(commands); do
        [[ $command == checkpoint ]] && continue # has no help, as engines want it
        echo "wherry $command"
        diff <("$wherry" "$command" --help | options_of_help) <(options_of_page "$pages/wherry-$command.8")
    done
}

@test "the monitor's page has the options of its help, and of the one with a debugger" {
    diff <({ "$WHERRY_BUILD/monitor/wherry-monitor" --help && "$WHERRY_BUILD/monitor/wherry-monitor-debug" --help; } |
        grep -oE -- '--[a-z][a-z-]+' | sort -u) \
        <(sed -nE 's/^\.It Fl (-[a-z-]+).*/-\1/p' "$pages/wherry-monitor.8" | sort -u)
}

@test "wherry(8) names every command" {
    local command
    for command in $(commands); do
        grep -qx ".It Xr wherry-$command 8" "$pages/wherry.8"
    done
}

@test "mandoc has no complaint" {
    command -v mandoc >/dev/null || skip "mandoc is not installed"
    mandoc -Tlint -W warning "$pages"/*.[58]
}
