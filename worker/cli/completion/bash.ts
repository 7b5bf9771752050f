/** The script for bash: asks `docker __complete` what could follow, and shows it. */
export const bashScript = `# bash completion for docker                             -*- shell-script -*-

__docker_complete() {
    local words cword cur line out directive candidate
    # bash takes ":" and "=" for words of their own; docker's names have them inside.
    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
        _get_comp_words_by_ref -n "=:" cur words cword
        words=("\${words[@]:0:cword+1}")
    else
        line="\${COMP_LINE:0:COMP_POINT}"
        read -ra words <<<"$line"
        [[ $line == *[[:space:]] ]] && words+=("")
        cur="\${words[\${#words[@]}-1]}"
    fi
    out=$("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null) || return
    directive="\${out##*:}"
    out="\${out%:*}"
    COMPREPLY=()
    local -a found=()
    while IFS= read -r line; do
        candidate="\${line%%$'\\t'*}"
        [[ -n $candidate && $candidate == "$cur"* ]] && found+=("$line")
    done <<<"$out"
    if (( \${#found[@]} == 0 )); then
        if [[ $directive != 4 ]]; then
            compopt -o default 2>/dev/null
            COMPREPLY=($(compgen -f -- "$cur"))
        fi
        return
    fi
    if (( \${#found[@]} == 1 )) || [[ $COMP_TYPE == 37 || $COMP_TYPE == 42 ]]; then
        for line in "\${found[@]}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done
    else
        local longest=0 width=\${COLUMNS:-80} text
        for line in "\${found[@]}"; do
            candidate="\${line%%$'\\t'*}"
            (( \${#candidate} > longest )) && longest=\${#candidate}
        done
        for line in "\${found[@]}"; do
            candidate="\${line%%$'\\t'*}"
            if [[ $line == *$'\\t'* ]]; then
                printf -v text '%-*s  (%s)' "$longest" "$candidate" "\${line#*$'\\t'}"
                COMPREPLY+=("\${text:0:width-2}")
            else
                COMPREPLY+=("$candidate")
            fi
        done
        # With several candidates bash inserts what they have in common; the descriptions only have to be shown.
        if [[ $COMP_TYPE == 9 ]]; then
            COMPREPLY=()
            for line in "\${found[@]}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done
        fi
    fi
    if declare -F __ltrim_colon_completions >/dev/null 2>&1; then
        __ltrim_colon_completions "$cur"
    elif [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local prefix="\${cur%"\${cur##*:}"}" i
        for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]="\${COMPREPLY[i]#"$prefix"}"; done
    fi
}

complete -F __docker_complete docker
`;
