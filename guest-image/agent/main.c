#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent.h"

static void block_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* As PID 1: sets the machine up and serves its console channel. `agent --channel FD` serves a descriptor instead, for
 * tests outside the machine. */
int main(int argc, char **argv) {
  block_signals();
  bool machine = argc < 3;
  if (machine) machine_setup();
  else prctl(PR_SET_CHILD_SUBREAPER, 1);
  namespaces_open();
  int fd = machine ? machine_channel() : atoi(argv[2]);
  if (fd < 0) {
    puts("BOOT-FAILED no channel");
    fflush(stdout);
    pause();
  }
  channel_open(fd);
  if (!machine && argc > 3) calls_listen(argv[3]);
  send_u32(G_ready, 0, PROTOCOL_VERSION);
  channel_flush();
  if (machine && write(1, "BOOT-OK\n", 8) < 0) return 1;
  int e = loop_run();
  if (machine) {
    printf("AGENT-STOPPED %d\n", e);
    fflush(stdout);
    for (;;) pause();
  }
  return e == -EPIPE ? 0 : 1;
}
