# Completion of nlb(1) in bash. It asks the program itself, so that it knows the commands and options
# of the version that is installed.
_nlb()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local program=${COMP_WORDS[0]} word command=
    COMPREPLY=()
    case $previous in
    --config | --new-config | --pcap | --key-file | -o | --output | -w | --write)
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$current"))
        return
        ;;
    --run-dir)
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -d -- "$current"))
        return
        ;;
    esac
    local commands
    commands=$("$program" --help 2>/dev/null |
        sed -n '/^[Ss][Uu][Bb][Cc][Oo][Mm][Mm][Aa][Nn][Dd][Ss]:/,$s/^  \([a-z0-9][a-z0-9-]*\) .*/\1/p')
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if grep -qxF -e "$word" <<<"$commands"; then
            command=$word
            break
        fi
    done
    if [[ $current == -* ]]; then
        local options
        options=$({ "$program" --help; [[ -z $command ]] || "$program" "$command" --help; } 2>/dev/null |
            sed -n '/^  -/{s/^  //;s/,/ /g;p}' | grep -oE '^(-[^ ]+ *)+' | grep -oE -e '--?[a-zA-Z][a-zA-Z-]*')
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "$commands" -- "$current"))
    elif [[ $previous == "$command" && " hosts rules vips keys config " == *" $command "* ]]; then
        local actions
        actions=$("$program" "$command" --help 2>/dev/null | sed -n 's/^  action \([a-z|]*\).*/\1/p')
        COMPREPLY=($(compgen -W "${actions//|/ }" -- "$current"))
    elif [[ $command == check || $command == import || $command == replay ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}
complete -F _nlb nlb
