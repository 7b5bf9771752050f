#include "calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

/* A call's streams are its id + 1, 2 and 3: standard input, output and error. */
struct call {
  struct source source;
  uint32_t id; /* 0 until it is complete and the host knows of it */
  int fds[3];
  bool raw, leaving;
  struct termios before;
  uint32_t exit_code;
  struct buffer request;
  struct call *next;
};
static struct call *calls;

static struct call *call_find(uint32_t id) {
  struct call *c = calls;
  while (c != NULL && c->id != id) c = c->next;
  return c;
}

static void set_raw(struct call *c, bool on) {
  if (c->raw == on || c->fds[0] < 0) return;
  if (on) {
    if (tcgetattr(c->fds[0], &c->before) < 0) return;
    struct termios raw = c->before;
    cfmakeraw(&raw);
    tcsetattr(c->fds[0], TCSANOW, &raw);
  } else {
    tcsetattr(c->fds[0], TCSADRAIN, &c->before);
  }
  c->raw = on;
}

static void call_close(struct call *c) {
  struct call **link = &calls;
  while (*link != c) link = &(*link)->next;
  *link = c->next;
  set_raw(c, false);
  if (c->id != 0) {
    for (uint32_t i = 1; i <= 3; i++) stream_reset(c->id + i);
  }
  for (int i = 0; i < 3; i++) {
    if (c->fds[i] >= 0) close(c->fds[i]);
  }
  source_forget(&c->source);
  close(c->source.fd);
  free(c->request.data);
  free(c);
}

/* The same file with flags of its own: the caller's descriptors are shared with its shell, which must not find them
 * non-blocking. What cannot be opened again (sockets), or must not (a file's position), is duplicated. */
static int reopen(int fd, int flags, int *kind) {
  struct stat st;
  *kind = 0;
  if (fstat(fd, &st) < 0) return NONE;
  if (S_ISSOCK(st.st_mode)) *kind = STREAM_SOCKET;
  if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again >= 0) return again;
  }
  return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void open_stream(const struct call *c, int index) {
  int kind, flags = index == 0 ? STREAM_READ : STREAM_WRITE;
  int fd = reopen(c->fds[index], index == 0 ? O_RDONLY : O_WRONLY, &kind);
  if (fd < 0) return;
  if (isatty(fd) && index == 0) kind = STREAM_TERMINAL;
  /* Input is read only when the command wants it: the caller may be a script that the shell reads from the same file. */
  stream_new(c->id + 1 + (uint32_t)index, fd, flags | kind, 0);
}

static void put_size(const struct call *c) {
  struct winsize size = {0};
  for (int i = 0; i < 3; i++) {
    if (ioctl(c->fds[i], TIOCGWINSZ, &size) == 0) break;
  }
  put_u16(&out, size.ws_row);
  put_u16(&out, size.ws_col);
}

/* Payload: the caller ("uuu" pid uid gid), b terminal bits, "hh" size, s program, s cwd, u count s..., u count s... */
static int announce(struct call *c) {
  struct ucred caller = {0};
  socklen_t length = sizeof caller;
  if (getsockopt(c->source.fd, SOL_SOCKET, SO_PEERCRED, &caller, &length) < 0) return -errno;
  const char *at = (const char *)c->request.data + 4, *end = (const char *)c->request.data + c->request.length;
  if (at == end || end[-1] != 0) return -EBADMSG;
  const char *program = at;
  const char *cwd = program + strlen(program) + 1;
  if (cwd >= end) return -EBADMSG;
  at = cwd + strlen(cwd) + 1;
  uint32_t counts[2];
  if (end - at < (ptrdiff_t)sizeof counts) return -EBADMSG;
  memcpy(counts, at, sizeof counts);
  at += sizeof counts;
  c->id = new_id();
  size_t mark = frame_begin(G_call, c->id);
  put_u32(&out, (uint32_t)caller.pid);
  put_u32(&out, caller.uid);
  put_u32(&out, caller.gid);
  uint8_t terminals = 0;
  for (int i = 0; i < 3; i++) terminals |= (uint8_t)((isatty(c->fds[i]) ? 1 : 0) << i);
  put_u8(&out, terminals);
  put_size(c);
  put_str(&out, program);
  put_str(&out, cwd);
  for (int list = 0; list < 2; list++) {
    put_u32(&out, counts[list]);
    for (uint32_t i = 0; i < counts[list]; i++) {
      if (at >= end || strlen(at) > UINT16_MAX) {
        frame_drop(mark);
        c->id = 0;
        return -EBADMSG;
      }
      put_str(&out, at);
      at += strlen(at) + 1;
    }
  }
  frame_end(mark);
  for (int i = 0; i < 3; i++) open_stream(c, i);
  free(c->request.data);
  c->request = (struct buffer){0};
  return 0;
}

/* One piece of the request; the first brings the descriptors. */
static int receive_request(struct call *c) {
  char control[CMSG_SPACE(sizeof c->fds)];
  uint8_t *room = buffer_room(&c->request, 16384);
  if (room == NULL) return -ENOMEM;
  struct iovec data = {room, 16384};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t n = recvmsg(c->source.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return errno == EAGAIN ? 0 : -errno;
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h != NULL; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    int count = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(h) + sizeof fd * (size_t)i, sizeof fd);
      if (i < 3 && c->fds[i] < 0) c->fds[i] = fd;
      else close(fd);
    }
  }
  if (n == 0) return -EPIPE;
  c->request.length += (size_t)n;
  uint32_t length;
  if (c->request.length < sizeof length) return 0;
  memcpy(&length, c->request.data, sizeof length);
  if (length > CALL_MAX || c->fds[2] < 0) return -EBADMSG;
  if (c->request.length < sizeof length + length) return 0;
  return c->request.length > sizeof length + length ? -EBADMSG : announce(c);
}

static void call_ready(struct source *source, uint32_t events) {
  (void)events;
  struct call *c = (struct call *)source;
  if (c->id == 0) {
    if (receive_request(c) < 0) call_close(c);
    return;
  }
  uint8_t signals[32];
  ssize_t n = recv(source->fd, signals, sizeof signals, MSG_DONTWAIT);
  for (ssize_t i = 0; i < n; i++) send_u32(G_callSignal, c->id, signals[i]);
  if (n > 0 || (n < 0 && errno == EAGAIN)) return;
  /* The stub was killed. */
  send_u32(G_callSignal, c->id, 0);
  call_close(c);
}

static void caller_ready(struct source *source, uint32_t events) {
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  struct call *c = calloc(1, sizeof *c);
  if (c == NULL) {
    close(fd);
    return;
  }
  c->source = (struct source){.ready = call_ready, .fd = fd};
  c->fds[0] = c->fds[1] = c->fds[2] = NONE;
  c->next = calls;
  calls = c;
  source_arm(&c->source, EPOLLIN);
}

void calls_listen(const char *path) {
  static struct source listener = {.ready = caller_ready, .fd = NONE};
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  unlink(path);
  listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener.fd < 0 || bind(listener.fd, (struct sockaddr *)&address, sizeof address) < 0) return;
  /* Who may use Docker is the host's decision: it changes the socket's group and mode. */
  chmod(path, 0666);
  if (listen(listener.fd, 64) == 0) source_arm(&listener, EPOLLIN);
}

void handle_call_raw(uint32_t id, struct reader *r) {
  struct call *c = call_find(read_u32(r));
  bool on = read_u8(r);
  if (c != NULL) set_raw(c, on);
  send_empty(G_result, id);
}

void handle_call_size(uint32_t id, struct reader *r) {
  struct call *c = call_find(read_u32(r));
  if (c == NULL) return send_error(id, S_socket, ESRCH, "call", NULL);
  size_t mark = frame_begin(G_result, id);
  put_size(c);
  frame_end(mark);
}

void handle_call_exit(uint32_t id, struct reader *r) {
  struct call *c = call_find(read_u32(r));
  uint32_t code = read_u32(r);
  if (c != NULL) {
    c->leaving = true;
    c->exit_code = code;
  }
  send_empty(G_result, id);
}

/* A call that was told to exit does so when its output is out. */
void calls_check(void) {
  for (struct call *c = calls, *next; c != NULL; c = next) {
    next = c->next;
    if (!c->leaving) continue;
    if (!stream_drained(stream_find(c->id + 2)) || !stream_drained(stream_find(c->id + 3))) continue;
    set_raw(c, false);
    send(c->source.fd, &c->exit_code, sizeof c->exit_code, MSG_DONTWAIT | MSG_NOSIGNAL);
    call_close(c);
  }
}

void calls_close_all(void) {
  while (calls != NULL) call_close(calls);
}
