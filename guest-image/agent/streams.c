#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"

enum { BUCKETS = 256, CHUNK = 32 << 10, DATAGRAM_HEADER = 19 };

struct stream {
  struct source source; /* first: a source's address is its stream's */
  uint32_t id;
  int flags;
  bool reading, writing, ending;
  /* A regular file or the like, which epoll refuses: read whenever there is credit. */
  bool always_ready;
  uint32_t credit; /* what the host still takes */
  uint32_t owed;   /* what was taken from the host and not yet granted again */
  struct buffer pending;
  struct stream *next, *next_ready;
};

static struct stream *buckets[BUCKETS];
static struct stream *always_ready;

static struct stream **bucket(uint32_t id) { return &buckets[(id ^ id >> 8) % BUCKETS]; }

struct stream *stream_find(uint32_t id) {
  struct stream *s = *bucket(id);
  while (s != NULL && s->id != id) s = s->next;
  return s;
}

int stream_fd(const struct stream *s) { return s->source.fd; }
bool stream_drained(const struct stream *s) { return s == NULL || s->pending.length == 0; }

static void release(struct stream *s) {
  struct stream **link = bucket(s->id);
  while (*link != s) link = &(*link)->next;
  *link = s->next;
  if (s->always_ready) {
    link = &always_ready;
    while (*link != s) link = &(*link)->next_ready;
    *link = s->next_ready;
  }
  source_forget(&s->source);
  close(s->source.fd);
  free(s->pending.data);
  free(s);
}

/* Frees the stream when nothing more can happen on it; otherwise waits for what can. */
static void settle(struct stream *s) {
  if (s->ending && s->pending.length == 0 && s->writing) {
    s->writing = false;
    if (s->flags & STREAM_SOCKET) shutdown(s->source.fd, SHUT_WR);
  }
  if (!s->reading && !s->writing) {
    uint32_t id = s->id;
    bool told = s->flags & STREAM_WRITE;
    release(s);
    if (told) {
      size_t mark = frame_begin(G_guestReset, id);
      put_u16(&out, 0);
      frame_end(mark);
    }
    return;
  }
  uint32_t events = (s->reading && s->credit > 0 ? EPOLLIN : 0u) | (s->pending.length > 0 ? EPOLLOUT : 0u);
  if (s->always_ready || source_arm(&s->source, events) != -EPERM) return;
  s->always_ready = true;
  s->next_ready = always_ready;
  always_ready = s;
}

static void give_up(struct stream *s, int error) {
  size_t mark = frame_begin(G_guestReset, s->id);
  put_u16(&out, (uint16_t)error);
  frame_end(mark);
  release(s);
}

/* A datagram's frame: b family (4 or 6), 16 bytes of address, h port, the data. */
static ssize_t receive_datagram(int fd, uint8_t *at, size_t room) {
  struct sockaddr_in6 from = {0};
  socklen_t length = sizeof from;
  ssize_t n = recvfrom(fd, at + DATAGRAM_HEADER, room - DATAGRAM_HEADER, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
  if (n < 0) return n;
  memset(at, 0, DATAGRAM_HEADER);
  uint16_t port;
  if (from.sin6_family == AF_INET6) {
    at[0] = 6;
    memcpy(at + 1, &from.sin6_addr, 16);
    port = ntohs(from.sin6_port);
  } else {
    struct sockaddr_in v4;
    memcpy(&v4, &from, sizeof v4);
    at[0] = 4;
    memcpy(at + 1, &v4.sin_addr, 4);
    port = ntohs(v4.sin_port);
  }
  memcpy(at + 17, &port, 2);
  return n + DATAGRAM_HEADER;
}

static void send_datagram(struct stream *s, const uint8_t *data, size_t length) {
  if (length < DATAGRAM_HEADER) return;
  uint16_t port;
  memcpy(&port, data + 17, 2);
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&v4.sin_addr, data + 1, 4);
  memcpy(&v6.sin6_addr, data + 1, 16);
  struct sockaddr *to = data[0] == 6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  socklen_t size = data[0] == 6 ? sizeof v6 : sizeof v4;
  /* A datagram that does not fit now is lost, as datagrams are. */
  sendto(s->source.fd, data + DATAGRAM_HEADER, length - DATAGRAM_HEADER, MSG_DONTWAIT | MSG_NOSIGNAL, to, size);
  s->owed += (uint32_t)length;
}

static void read_some(struct stream *s) {
  size_t want = s->credit < CHUNK ? s->credit : CHUNK;
  /* A datagram is never cut: it may overdraw the credit once. */
  if (s->flags & STREAM_DATAGRAM) want = (64 << 10) + DATAGRAM_HEADER;
  size_t mark = frame_begin(G_guestData, s->id);
  uint8_t *at = buffer_room(&out, want);
  if (at == NULL) {
    frame_drop(mark);
    return give_up(s, ENOMEM);
  }
  ssize_t n = s->flags & STREAM_DATAGRAM ? receive_datagram(s->source.fd, at, want)
              : s->flags & STREAM_SOCKET ? recv(s->source.fd, at, want, MSG_DONTWAIT)
                                         : read(s->source.fd, at, want);
  if (n > 0) {
    out.length += (size_t)n;
    frame_end(mark);
    s->credit -= (uint32_t)n < s->credit ? (uint32_t)n : s->credit;
    return settle(s);
  }
  int error = errno;
  frame_drop(mark);
  if (n < 0 && (error == EAGAIN || error == EINTR)) return settle(s);
  /* A terminal whose last process is gone answers EIO: that is its end. */
  if (n < 0 && !(s->flags & STREAM_TERMINAL && error == EIO)) return give_up(s, error);
  send_empty(G_guestEnd, s->id);
  s->reading = false;
  if (s->flags & STREAM_TERMINAL) s->writing = false;
  settle(s);
}

/* Answers the bytes taken, or a negative errno. */
static ssize_t write_some(struct stream *s, const uint8_t *data, size_t length) {
  size_t done = 0;
  while (done < length) {
    /* A pipe that polls as writable has room for this much without blocking, whatever its flags. */
    size_t want = length - done < LINK_CHUNK ? length - done : LINK_CHUNK;
    ssize_t n = s->flags & STREAM_SOCKET ? send(s->source.fd, data + done, want, MSG_DONTWAIT | MSG_NOSIGNAL)
                                         : write(s->source.fd, data + done, want);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return -errno;
    if (n <= 0) break;
    done += (size_t)n;
  }
  s->owed += (uint32_t)done;
  return (ssize_t)done;
}

static void grant(struct stream *s) {
  if (s->owed < WINDOW_IN / 2) return;
  send_u32(G_guestCredit, s->id, s->owed);
  s->owed = 0;
}

static void write_pending(struct stream *s) {
  ssize_t n = write_some(s, s->pending.data, s->pending.length);
  if (n < 0) return give_up(s, (int)-n);
  s->pending.length -= (size_t)n;
  memmove(s->pending.data, s->pending.data + n, s->pending.length);
  grant(s);
  settle(s);
}

static void stream_ready(struct source *source, uint32_t events) {
  struct stream *s = (struct stream *)source;
  if (s->pending.length > 0 && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) return write_pending(s);
  if (s->reading && s->credit > 0) read_some(s);
}

struct stream *stream_new(uint32_t id, int fd, int flags, uint32_t credit) {
  struct stream *s = calloc(1, sizeof *s);
  if (s == NULL) {
    close(fd);
    return NULL;
  }
  s->source = (struct source){.ready = stream_ready, .fd = fd};
  s->id = id;
  s->flags = flags;
  s->reading = flags & STREAM_READ;
  s->writing = flags & STREAM_WRITE;
  s->credit = credit;
  s->next = *bucket(id);
  *bucket(id) = s;
  settle(s);
  return s;
}

void stream_data(uint32_t id, const uint8_t *data, size_t length) {
  struct stream *s = stream_find(id);
  /* A stream that is gone: its reset crossed this frame. */
  if (s == NULL || !s->writing || s->ending) return;
  if (s->flags & STREAM_DATAGRAM) {
    send_datagram(s, data, length);
    return grant(s);
  }
  if (s->pending.length + length > WINDOW_IN) return give_up(s, EPROTO);
  if (s->pending.length == 0) {
    ssize_t n = write_some(s, data, length);
    if (n < 0) return give_up(s, (int)-n);
    data += n;
    length -= (size_t)n;
    grant(s);
  }
  if (length > 0 && put_bytes(&s->pending, data, length) < 0) return give_up(s, ENOMEM);
  settle(s);
}

void stream_end(uint32_t id) {
  struct stream *s = stream_find(id);
  if (s == NULL || !s->writing) return;
  s->ending = true;
  settle(s);
}

void stream_credit(uint32_t id, uint32_t bytes) {
  struct stream *s = stream_find(id);
  if (s == NULL) return;
  s->credit = bytes > WINDOW_OUT - s->credit ? WINDOW_OUT : s->credit + bytes;
  settle(s);
}

void stream_reset(uint32_t id) {
  struct stream *s = stream_find(id);
  if (s != NULL) release(s);
}

void stream_pump(void) {
  for (struct stream *s = always_ready, *next; s != NULL; s = next) {
    next = s->next_ready;
    if (s->reading && s->credit > 0) read_some(s);
  }
}

bool streams_ready(void) {
  for (struct stream *s = always_ready; s != NULL; s = s->next_ready) {
    if (s->reading && s->credit > 0) return true;
  }
  return false;
}

void streams_close_all(void) {
  for (int i = 0; i < BUCKETS; i++) {
    while (buckets[i] != NULL) release(buckets[i]);
  }
}

/* Ids of the agent's making: the highest bit set, three streams each. */
uint32_t new_id(void) {
  static uint32_t next;
  next = (next + 4) & 0x7ffffffc;
  return next | 0x80000000;
}
