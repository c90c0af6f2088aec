# Completion of axs for bash: source <(axs completion bash)

_axs_complete() {
    local line="${COMP_LINE:0:COMP_POINT}" word skip="" candidate
    word="${line##*[[:space:]]}"
    # The candidates are whole words, but bash replaces only what stands behind the last of its word breaks,
    # unless the word is within quotes.
    local breaks="${COMP_WORDBREAKS//[^=:]/}"
    [[ -n $breaks && $word != [\"\']* && $word == *["$breaks"]* ]] && skip="${word%"${word##*["$breaks"]}"}"
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("${candidate#"$skip"}")
    done < <("${COMP_WORDS[0]}" complete "$line" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _axs_complete axs
