# Completion of axs for zsh: source <(axs completion zsh)

_axs_complete() {
    local -a candidates keys words_
    candidates=("${(@f)$("${words[1]}" complete "$LBUFFER" 2>/dev/null)}")
    keys=(${(M)candidates:#*=})
    words_=(${candidates:#(*=|)})
    compadd -S '' -- $keys
    compadd -- $words_
}

if (( ! $+functions[compdef] )); then
    autoload -Uz compinit && compinit
fi
compdef _axs_complete axs
