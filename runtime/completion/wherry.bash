# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion of wherry's command line in bash. Commands and options are those that `wherry --help` and
# `wherry COMMAND --help` print, so that they need no list here.

# __wherry_commands: one a line.
__wherry_commands() {
    "$1" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z-]\{1,\}\) .*/\1/p'
}

# __wherry_options WHERRY [COMMAND]: lines "--name ARGUMENT" and "-n ARGUMENT"; flags have no argument.
__wherry_options() {
    "$@" --help 2>/dev/null |
        sed -nE 's/^ +(-([a-zA-Z]), )?--([a-z-]+)( [A-Z][^ ]*)?( .*)?$/\2|\3|\4/p' |
        while IFS='|' read -r letter name argument; do
            echo "--$name$argument"
            [[ -n $letter ]] && echo "-$letter$argument"
        done
}

# __wherry_subcommands WHERRY COMMAND: the words that its usage offers between "|".
__wherry_subcommands() {
    "$@" --help 2>/dev/null | sed -n 's/^usage: wherry [a-z]* \[options\] //p' | tr '|' '\n' | awk '{print $1}'
}

# __wherry_values ARGUMENT CURRENT: what an option's argument, or a command's, can be.
__wherry_values() {
    case $1 in
    DIR) compgen -d -- "$2" ;;
    FILE | SOCKET | PATH) compgen -f -- "$2" ;;
    FORMAT) compgen -W 'table json text' -- "$2" ;;
    NAME) compgen -W 'cgroupfs systemd disabled' -- "$2" ;;
    SIGNAL) compgen -W "$(kill -l | tr '\t' '\n' | sed -n 's/.*) *SIG//p')" -- "$2" ;;
    esac
}

_wherry() {
    local wherry=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
    local command='' argument='' options word i n_args=0 global=()
    options=$(__wherry_options "$wherry")
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $argument ]]; then # this word is an option's value
            [[ -z $command ]] && global+=("${COMP_WORDS[i - 1]}" "$word")
            argument=
        elif [[ $word == -* ]]; then
            argument=$(sed -n "s/^${word//\//\\/} //p" <<<"$options")
        elif [[ -z $command ]]; then
            command=$word
            options=$(__wherry_options "$wherry" "$command")
        else
            n_args=$((n_args + 1))
        fi
    done

    if [[ -n $argument ]]; then
        mapfile -t COMPREPLY < <(__wherry_values "$argument" "$current")
        compopt -o filenames 2>/dev/null
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(cut -d ' ' -f 1 <<<"$options")" -- "$current")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(__wherry_commands "$wherry")" -- "$current")
    elif [[ $command == kill && $n_args == 1 ]]; then
        mapfile -t COMPREPLY < <(__wherry_values SIGNAL "$current")
    elif [[ $command == image ]]; then
        ((n_args == 0)) && mapfile -t COMPREPLY < <(compgen -W "$(__wherry_subcommands "$wherry" image)" -- "$current")
    elif [[ $n_args == 0 && ! $command =~ ^(create|run|restore|list|spec|features|doctor)$ ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$wherry" "${global[@]}" list --quiet 2>/dev/null)" -- "$current")
    fi
}

complete -F _wherry wherry
