/** The learner's configuration files. They start no process: each costs tens of milliseconds in an emulated machine. */

export const BASHRC = String.raw`# ~/.bashrc of the learner. Yours to change.
case $- in *i*) ;; *) return ;; esac

HISTCONTROL=ignoreboth
HISTSIZE=1000
shopt -s histappend checkwinsize
PS1='\[\e[1;32m\]\u@\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ '
case $TERM in xterm*) PS1="\[\e]0;\u@\h: \w\a\]$PS1" ;; esac

alias ls='ls --color=auto'
alias grep='grep --color=auto'
alias ll='ls -l'
alias la='ls -A'
export EDITOR=nano LESS=-R
# Letters of all languages; LANG would make every program read a dozen more files.
[ -n "$LANG" ] || export LC_CTYPE=C.UTF-8

# Completions are read at the first Tab: docker's alone, or bash-completion with its many small files.
_load_docker() {
  . /usr/share/bash-completion/completions/docker
  return 124
}
complete -F _load_docker docker
_load_completions() {
  complete -r -D
  . /usr/share/bash-completion/bash_completion
  return 124
}
complete -D -F _load_completions
`;

/** For login shells: bash, or busybox' where there is no bash. */
export const PROFILE = String.raw`if [ -n "$BASH_VERSION" ]; then
  . "$HOME/.bashrc"
else
  PS1='\u@\h:\w\$ '
fi
`;

export const INPUTRC = `set bell-style none
set colored-stats on
set completion-ignore-case on
set show-all-if-ambiguous on
"\\e[1;5D": backward-word
"\\e[1;5C": forward-word
"\\e[3~": delete-char
"\\e[H": beginning-of-line
"\\e[F": end-of-line
`;

export const NANORC = `set tabsize 4
set autoindent
include "/usr/share/nano/*.nanorc"
`;

export const SUDOERS = "learner ALL=(ALL:ALL) NOPASSWD: ALL\n";
