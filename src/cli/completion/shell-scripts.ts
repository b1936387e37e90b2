/** What each shell runs to complete the words behind `nodeseed`; where nothing is proposed, it completes names of files. */
export const SHELL_SCRIPTS: Readonly<Record<string, string>> = {
  // Bash takes `:` and `=` for ends of words: what stands before the last of them is not repeated.
  bash: `_nodeseed() {
  local line=\${COMP_LINE:0:COMP_POINT} cur=\${COMP_WORDS[COMP_CWORD]} begun words IFS=$' \\t\\n'
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  begun=\${words[\${#words[@]}-1]}
  [[ $cur == [:=] ]] && cur=
  IFS=$'\\n'
  COMPREPLY=($(nodeseed completion --words -- "\${words[@]:1}" 2>/dev/null))
  COMPREPLY=("\${COMPREPLY[@]#"\${begun%"$cur"}"}")
  case \${COMPREPLY[0]} in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -o default -o filenames -F _nodeseed nodeseed
`,
  zsh: `#compdef nodeseed
_nodeseed() {
  local -a found
  found=(\${(f)"$(nodeseed completion --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
if [ "$funcstack[1]" = _nodeseed ]; then _nodeseed "$@"; else compdef _nodeseed nodeseed; fi
`,
  fish: `function __nodeseed_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (nodeseed completion --words -- $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c nodeseed -f -a '(__nodeseed_complete)'
`,
}
