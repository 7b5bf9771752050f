#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent.h"

enum { EVENTS = 32 };

static int epoll = NONE;
static struct epoll_event ready[EVENTS];
static int ready_count, ready_at;

static int epoll_descriptor(void) {
  if (epoll == NONE) epoll = epoll_create1(EPOLL_CLOEXEC);
  return epoll;
}

int source_arm(struct source *source, uint32_t events) {
  if (source->armed == events) return 0;
  struct epoll_event event = {.events = events, .data.ptr = source};
  int action = events == 0 ? EPOLL_CTL_DEL : source->armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_descriptor(), action, source->fd, &event) < 0) return -errno;
  source->armed = events;
  return 0;
}

void source_forget(struct source *source) {
  source_arm(source, 0);
  for (int i = ready_at; i < ready_count; i++) {
    if (ready[i].data.ptr == source) ready[i].data.ptr = NULL;
  }
}

static int channel_state;

static void channel_ready(struct source *source, uint32_t events) {
  (void)source;
  (void)events;
  channel_state = channel_read();
}

static void child_ready(struct source *source, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  while (read(source->fd, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD) continue;
  process_reap();
}

/* Serves until the channel is lost (only in tests: the machine's never is). */
int loop_run(void) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  struct source signals = {.ready = child_ready, .fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK)};
  struct source channel = {.ready = channel_ready, .fd = channel_fd()};
  source_arm(&signals, EPOLLIN);
  source_arm(&channel, EPOLLIN);
  while (channel_state >= 0) {
    ready_count = epoll_wait(epoll_descriptor(), ready, EVENTS, streams_ready() ? 0 : -1);
    for (ready_at = 0; ready_at < ready_count;) {
      struct epoll_event *event = &ready[ready_at++];
      struct source *source = event->data.ptr;
      if (source != NULL) source->ready(source, event->events);
    }
    stream_pump();
    calls_check();
    channel_flush();
  }
  return channel_state;
}
