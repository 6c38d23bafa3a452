#compdef nlb
# Completion of nlb(1) in zsh: that of bash.
autoload -U +X bashcompinit && bashcompinit
source /usr/share/bash-completion/completions/nlb
_bash_complete -F _nlb
