#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent.h"

enum { BACKLOG = 128 };

struct address {
  union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  };
  socklen_t length;
  const char *shown;
};

/* b family (1 unix, 4 and 6 internet by the host's literal), s path or literal, h port. */
static int read_address(struct reader *r, struct address *a) {
  uint8_t family = read_u8(r);
  a->shown = read_str(r);
  uint16_t port = read_u16(r);
  if (r->bad) return -EBADMSG;
  memset(&a->v6, 0, sizeof a->v6);
  if (family == 1) {
    memset(&a->local, 0, sizeof a->local);
    a->local.sun_family = AF_UNIX;
    if (strlen(a->shown) >= sizeof a->local.sun_path) return -ENAMETOOLONG;
    strcpy(a->local.sun_path, a->shown);
    a->length = sizeof a->local;
    return 0;
  }
  if (family == 6) {
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(port);
    a->length = sizeof a->v6;
    return inet_pton(AF_INET6, a->shown, &a->v6.sin6_addr) == 1 ? 0 : -EINVAL;
  }
  a->v4.sin_family = AF_INET;
  a->v4.sin_port = htons(port);
  a->length = sizeof a->v4;
  return inet_pton(AF_INET, a->shown, &a->v4.sin_addr) == 1 ? 0 : -EINVAL;
}

/* A socket belongs for life to the network namespace it was made in. */
static int open_socket(int family, int type, const char *namespace) {
  int e = namespace[0] == 0 ? 0 : enter_network(namespace);
  if (e < 0) return e;
  int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  e = fd < 0 ? -errno : fd;
  if (namespace[0] != 0) leave_network();
  return e;
}

/* ---- connect */

struct connecting {
  struct source source;
  uint32_t id;
  char shown[64];
};

static void connected(uint32_t id, int fd, int error, const char *shown) {
  if (error != 0) {
    close(fd);
    return send_error(id, S_socket, error, "connect", shown);
  }
  send_empty(G_result, id);
  stream_new(id + 1, fd, STREAM_READ | STREAM_WRITE | STREAM_SOCKET, WINDOW_OUT);
}

static void connecting_ready(struct source *source, uint32_t events) {
  (void)events;
  struct connecting *c = (struct connecting *)source;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  source_forget(source);
  connected(c->id, source->fd, error, c->shown);
  free(c);
}

void handle_connect(uint32_t id, struct reader *r) {
  struct address a;
  int e = read_address(r, &a);
  const char *namespace = read_str(r);
  if (r->bad) e = -EBADMSG;
  int fd = e < 0 ? e : open_socket(a.any.sa_family, SOCK_STREAM, namespace);
  if (fd < 0) return send_error(id, S_socket, fd, "connect", a.shown);
  if (connect(fd, &a.any, a.length) == 0) return connected(id, fd, 0, a.shown);
  struct connecting *c = errno == EINPROGRESS ? calloc(1, sizeof *c) : NULL;
  if (c == NULL) return connected(id, fd, errno, a.shown);
  c->source = (struct source){.ready = connecting_ready, .fd = fd};
  c->id = id;
  strncpy(c->shown, a.shown, sizeof c->shown - 1);
  source_arm(&c->source, EPOLLOUT);
}

/* ---- listen */

struct listener {
  struct source source;
  uint32_t id;
  char path[108]; /* of a unix socket, removed with it */
  struct listener *next;
};
static struct listener *listeners;

static void listener_ready(struct source *source, uint32_t events) {
  (void)events;
  struct listener *l = (struct listener *)source;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  uint32_t id = new_id();
  send_u32(G_accepted, l->id, id);
  stream_new(id, fd, STREAM_READ | STREAM_WRITE | STREAM_SOCKET, WINDOW_OUT);
}

static int listen_on(int fd, const struct address *a, uint32_t mode, uint32_t uid, uint32_t gid) {
  int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  bool local = a->any.sa_family == AF_UNIX;
  if (local) unlink(a->local.sun_path);
  if (a->any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (bind(fd, &a->any, a->length) < 0) return -errno;
  if (local && mode != UINT32_MAX && chmod(a->local.sun_path, mode) < 0) return -errno;
  if (local && (uid != UINT32_MAX || gid != UINT32_MAX) && chown(a->local.sun_path, uid, gid) < 0) return -errno;
  return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

void handle_listen(uint32_t id, struct reader *r) {
  struct address a;
  int e = read_address(r, &a);
  const char *namespace = read_str(r);
  uint32_t mode = read_u32(r), uid = read_u32(r), gid = read_u32(r);
  if (r->bad) e = -EBADMSG;
  int fd = e < 0 ? e : open_socket(a.any.sa_family, SOCK_STREAM, namespace);
  if (fd < 0) return send_error(id, S_socket, fd, "listen", a.shown);
  e = listen_on(fd, &a, mode, uid, gid);
  struct listener *l = e < 0 ? NULL : calloc(1, sizeof *l);
  if (l == NULL) {
    close(fd);
    return send_error(id, S_socket, e < 0 ? e : ENOMEM, "listen", a.shown);
  }
  l->source = (struct source){.ready = listener_ready, .fd = fd};
  l->id = id;
  if (a.any.sa_family == AF_UNIX) strcpy(l->path, a.local.sun_path);
  l->next = listeners;
  listeners = l;
  source_arm(&l->source, EPOLLIN);
  send_empty(G_result, id);
}

static void close_listener(struct listener **link) {
  struct listener *l = *link;
  *link = l->next;
  source_forget(&l->source);
  close(l->source.fd);
  if (l->path[0] != 0) unlink(l->path);
  free(l);
}

void handle_close_listener(uint32_t id, struct reader *r) {
  uint32_t listener = read_u32(r);
  for (struct listener **link = &listeners; *link != NULL; link = &(*link)->next) {
    if ((*link)->id != listener) continue;
    close_listener(link);
    break;
  }
  send_empty(G_result, id);
}

void listeners_close_all(void) {
  while (listeners != NULL) close_listener(&listeners);
}

/* ---- datagrams */

void handle_datagram(uint32_t id, struct reader *r) {
  struct address a;
  int e = read_address(r, &a);
  const char *namespace = read_str(r);
  if (r->bad) e = -EBADMSG;
  if (e == 0 && a.any.sa_family == AF_UNIX) e = -EAFNOSUPPORT;
  int fd = e < 0 ? e : open_socket(a.any.sa_family, SOCK_DGRAM, namespace);
  if (fd < 0) return send_error(id, S_socket, fd, "bind", a.shown);
  if (bind(fd, &a.any, a.length) < 0) {
    e = errno;
    close(fd);
    return send_error(id, S_socket, e, "bind", a.shown);
  }
  send_empty(G_result, id);
  stream_new(id + 1, fd, STREAM_READ | STREAM_WRITE | STREAM_DATAGRAM, WINDOW_OUT);
}
