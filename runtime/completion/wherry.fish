# SPDX-License-Identifier: Apache-2.0
# Completion of wherry's command line in fish. Commands and options are those that `wherry --help` and
# `wherry COMMAND --help` print, so that they need no list here.

function __wherry_commands
    wherry --help 2>/dev/null | string match -rg '^  ([a-z-]+) +(.*)$' | paste - - | string match -rv '^-'
end

# The command of the line so far, or nothing.
function __wherry_command
    set -l known (__wherry_commands | string split -f 1 \t)
    for word in (commandline -opc)[2..-1]
        if contains -- $word $known
            echo $word
            return 0
        end
    end
    return 1
end

# Options as candidates with their help, the long form and the short one.
function __wherry_options
    set -l command (__wherry_command)
    wherry $command --help 2>/dev/null | while read -l line
        set -l parts (string match -rg '^\s*(?:-([a-zA-Z]), )?--([a-z-]+)(?: [A-Z]\S*)?\s+(.*)$' -- $line)
        or continue
        printf '%s\t%s\n' --$parts[-2] $parts[-1]
        test (count $parts) -eq 3 -a -n "$parts[1]"; and printf '%s\t%s\n' -$parts[1] $parts[-1]
    end
end

# The words that a command's usage offers between "|".
function __wherry_subcommands
    wherry $argv --help 2>/dev/null | string match -rg '^usage: wherry [a-z]+ \[options\] (.*)$' |
        string split '|' | string trim | string split -f 1 ' '
end

function __wherry_wants_id
    set -l command (__wherry_command)
    and not contains -- $command create run restore list spec features doctor image
end

complete -c wherry -n 'not __wherry_command' -f -a '(__wherry_commands)'
complete -c wherry -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__wherry_options)'
complete -c wherry -n __wherry_wants_id -f -a '(wherry list --quiet 2>/dev/null)'
complete -c wherry -n 'test "$(__wherry_command)" = kill' -f -a '(kill -l | string split " ")'
complete -c wherry -n 'test "$(__wherry_command)" = image' -a '(__wherry_subcommands image)'
