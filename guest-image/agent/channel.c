#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent.h"

struct buffer out;
struct failure failure;

static int channel = NONE;
static uint32_t received;
static int unacknowledged;
static struct buffer in;

void channel_open(int fd) { channel = fd; }
int channel_fd(void) { return channel; }

void channel_reset(void) { in.length = 0; }

size_t frame_begin(enum guest_frame kind, uint32_t id) {
  size_t mark = out.length;
  uint32_t header[4] = {0, kind, id, 0};
  put_bytes(&out, header, sizeof header);
  return mark;
}

void frame_end(size_t mark) {
  uint32_t length = (uint32_t)(out.length - mark - HEADER_OUT);
  memcpy(out.data + mark, &length, 4);
  memcpy(out.data + mark + 12, &received, 4);
  unacknowledged = 0;
}

void frame_drop(size_t mark) { out.length = mark; }

void send_empty(enum guest_frame kind, uint32_t id) { frame_end(frame_begin(kind, id)); }

void send_u32(enum guest_frame kind, uint32_t id, uint32_t value) {
  size_t mark = frame_begin(kind, id);
  put_u32(&out, value);
  frame_end(mark);
}

int fail(enum stage stage, int error, const char *operation, const char *path) {
  failure.error = error < 0 ? -error : error;
  failure.stage = stage;
  failure.index = NONE;
  failure.operation = operation;
  snprintf(failure.path, sizeof failure.path, "%s", path == NULL ? "" : path);
  failure.text[0] = 0;
  return -failure.error;
}

void send_failure(uint32_t id) {
  size_t mark = frame_begin(G_error, id);
  put_u16(&out, (uint16_t)failure.error);
  put_u8(&out, (uint8_t)failure.stage);
  put_u16(&out, (uint16_t)failure.index);
  put_str(&out, failure.operation);
  put_str(&out, failure.path);
  put_str(&out, failure.text);
  frame_end(mark);
}

void send_error(uint32_t id, enum stage stage, int error, const char *operation, const char *path) {
  fail(stage, error, operation, path);
  send_failure(id);
}

void channel_flush(void) {
  if (out.length == 0 && unacknowledged >= LINK_ACK_AFTER) send_empty(G_ack, 0);
  size_t at = 0;
  while (at < out.length) {
    ssize_t n = write(channel, out.data + at, out.length - at);
    if (n > 0) {
      at += (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = channel, .events = POLLOUT};
      poll(&wait, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      break;
    }
  }
  out.length = 0;
  /* A large result must not pin memory for ever. */
  if (out.capacity > (1 << 20)) {
    free(out.data);
    out = (struct buffer){0};
  }
}

/* Handles the complete frames in `in`; a frame that is too large cannot come from our host: the stream is lost. */
static int handle_frames(void) {
  size_t at = 0;
  while (in.length - at >= HEADER_IN) {
    uint32_t header[3];
    memcpy(header, in.data + at, HEADER_IN);
    if (header[0] > FRAME_MAX) return -EPROTO;
    if (in.length - at - HEADER_IN < header[0]) break;
    const uint8_t *payload = in.data + at + HEADER_IN;
    struct reader r = {payload, payload + header[0], false};
    handle_frame(header[1], header[2], &r);
    at += HEADER_IN + header[0];
  }
  if (at > 0) {
    in.length -= at;
    memmove(in.data, in.data + at, in.length);
  }
  if (in.length == 0 && in.capacity > (1 << 20)) {
    free(in.data);
    in = (struct buffer){0};
  }
  return 0;
}

int channel_read(void) {
  uint8_t *room = buffer_room(&in, LINK_CHUNK);
  if (room == NULL) return -ENOMEM;
  ssize_t n = read(channel, room, LINK_CHUNK);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  if (n == 0) return -EPIPE;
  received += (uint32_t)n;
  unacknowledged++;
  in.length += (size_t)n;
  return handle_frames();
}
