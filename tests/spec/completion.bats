# SPDX-License-Identifier: Apache-2.0
#
# Completion of the command line, asked for as the shells ask.

setup() {
    completion=$BATS_TEST_DIRNAME/../../runtime/completion
    PATH=${WHERRY_BUILD:?}/runtime:$PATH
}

# in_bash WORD...: the candidates for the last word, in one line.
in_bash() {
    # shellcheck disable=SC2016 # for the inner shell
    bash -c '
        source "$1"
        shift
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _wherry
        echo "${COMPREPLY[*]}"
    ' - "$completion/wherry.bash" "$@"
}

@test "bash completes commands, options and values" {
    [[ " $(in_bash wherry '') " == *" create "*" spec "* ]]
    [[ $(in_bash wherry --root /nowhere cre) == create ]]
    [[ $(in_bash wherry create --bun) == --bundle ]]
    [[ $(in_bash wherry create --bundle "$BATS_TEST_DIRNAME/../spe") == "$BATS_TEST_DIRNAME/../spec" ]]
    [[ $(in_bash wherry list --format j) == json ]]
    [[ $(in_bash wherry kill x TER) == TERM ]]
    [[ $(in_bash wherry image pre) == prepare ]]
    [[ -z $(in_bash wherry nonsense --x) ]]
}

@test "bash completes ids of the root that is given" {
    [[ -z $(in_bash wherry --root "$BATS_TEST_TMPDIR" state '') ]]
}

@test "fish completes commands, options and values" {
    command -v fish >/dev/null || skip "fish is not installed"
    in_fish() { HOME=$BATS_TEST_TMPDIR fish -c "source $completion/wherry.fish; complete -C '$1'" | cut -f 1; }
    [[ $(in_fish 'wherry cr') == create ]]
    [[ $(in_fish 'wherry create --bun') == --bundle ]]
    [[ $(in_fish 'wherry kill x TER') == TERM ]]
    [[ $(in_fish 'wherry image pre') == prepare ]]
}

@test "zsh takes the functions" {
    command -v zsh >/dev/null || skip "zsh is not installed"
    zsh -f -n "$completion/_wherry"
}
