/* The first process of a container with an init of its own (`docker run --init`), in the place of tini: starts the
 * program, passes signals on to it, reaps what is left over, and ends with the program's exit code. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_RUN = 126, NOT_FOUND = 127 };

/* In a process group of its own, in the foreground of its terminal: what the terminal sends is for it alone. */
static void isolate(void) {
  setpgid(0, 0);
  signal(SIGTTOU, SIG_IGN);
  if (tcsetpgrp(0, getpgrp()) < 0) errno = 0; /* no terminal */
  signal(SIGTTOU, SIG_DFL);
}

static pid_t start(char **argv, const sigset_t *mask) {
  pid_t child = fork();
  if (child != 0) return child;
  isolate();
  sigprocmask(SIG_SETMASK, mask, NULL);
  execvp(argv[0], argv);
  int error = errno;
  dprintf(2, "[FATAL tini (%d)] exec %s failed: %s\n", (int)getpid(), argv[0], strerror(error));
  _exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

/* Answers the program's exit code once it has ended, -1 before. */
static int reap(pid_t program) {
  int status, code = -1;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != program) continue;
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return code;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--") == 0) argv++, argc--;
  if (argc < 2) {
    dprintf(2, "docker-init: no program given\n");
    return 1;
  }
  sigset_t signals, before;
  sigfillset(&signals);
  /* What a fault of our own raises is not to be passed on. */
  const int own[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&signals, own[i]);
  sigprocmask(SIG_SETMASK, &signals, &before);
  pid_t program = start(argv + 1, &before);
  if (program < 0) {
    dprintf(2, "[FATAL tini (%d)] fork failed: %s\n", (int)getpid(), strerror(errno));
    return 1;
  }
  for (;;) {
    int number = sigwaitinfo(&signals, NULL);
    if (number < 0) continue;
    if (number != SIGCHLD) {
      kill(program, number);
      continue;
    }
    int code = reap(program);
    if (code >= 0) return code;
  }
}
