import { COMPLETE_COMMAND, type Shell } from '../table/kinds.ts';

// Works on bash 3.2 too. The words are taken from the line: bash's own are broken at the characters of COMP_WORDBREAKS,
// and a word that holds such a one is to be answered from there on.
const BASH = `# bash completion of kugetsu
_kugetsu() {
  local line word words current broken
  line=\${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  current=\${words[\${#words[@]} - 1]}
  current=\${current#[\\"\\']}
  words[\${#words[@]} - 1]=$current
  broken=''
  case $COMP_WORDBREAKS in
    *:*) case $current in *:*) broken=\${current%"\${current##*:}"} ;; esac ;;
  esac
  case $COMP_WORDBREAKS in
    *=*) case $current in "$broken"*=*) broken=\${current%"\${current##*=}"} ;; esac ;;
  esac
  COMPREPLY=()
  while IFS= read -r word; do
    word=\${word%%$'\\t'*}
    case $word in "$current"*) COMPREPLY+=("\${word#"$broken"}") ;; esac
  done < <("\${words[0]}" ${COMPLETE_COMMAND} -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _kugetsu kugetsu
`;

const ZSH = `#compdef kugetsu
# zsh completion of kugetsu
_kugetsu() {
  local line
  local -a values shown
  while IFS= read -r line; do
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done < <("\${words[1]}" ${COMPLETE_COMMAND} -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  compadd -l -d shown -a values
}
if [ "$funcstack[1]" = _kugetsu ]; then
  _kugetsu "$@"
elif (( $+functions[compdef] )); then
  compdef _kugetsu kugetsu
fi
`;

const FISH = `# fish completion of kugetsu
function __kugetsu_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] ${COMPLETE_COMMAND} -- $words[2..-1] 2>/dev/null
end
complete -c kugetsu -f -a '(__kugetsu_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that a shell reads to complete kugetsu's command lines. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
