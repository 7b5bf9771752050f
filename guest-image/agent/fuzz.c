/* Throws frames and calls at the agent's decoders. Built with FUZZING, which leaves the system calls of operations out:
 * nothing is changed on the machine that runs it. With libFuzzer: -DLIBFUZZER -fsanitize=fuzzer; alone it draws the inputs
 * itself: fuzz [ROUNDS] [SEED]. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "calls.c"
#include "start.h"

/* In the place of requests.c: each kind's decoder, none of its deeds. */
void handle_frame(uint32_t kind, uint32_t id, struct reader *r) {
  size_t mark = frame_begin(G_result, id);
  struct start start = {0};
  fail(S_channel, EBADMSG, "fuzz", NULL);
  switch (kind % 4) {
    case 0:
      read_u32(r);
      read_str(r);
      run_ops(r, read_u16(r), S_batch, &out);
      break;
    case 1:
      if (start_read(&start, r) == 0) {
        run_ops(&start.prepare, start.prepare_count, S_prepare, &out);
        run_ops(&start.setup, start.setup_count, S_setup, &out);
      }
      start_free(&start);
      break;
    case 2:
      stream_data(id, r->at, (size_t)(r->end - r->at));
      stream_end(id);
      break;
    default:
      stream_credit(id, read_u32(r));
      stream_reset(id);
  }
  frame_drop(mark);
  send_failure(id);
}
void process_reap(void) {}

static int pair[2];

static void try_frames(const uint8_t *data, size_t size) {
  for (size_t at = 0; at < size;) {
    ssize_t n = write(pair[1], data + at, size - at < LINK_CHUNK ? size - at : LINK_CHUNK);
    if (n <= 0 || channel_read() < 0) break;
    at += (size_t)n;
  }
  channel_reset();
  out.length = 0;
}

static void try_call(const uint8_t *data, size_t size) {
  int ends[2];
  struct call *c = calloc(1, sizeof *c);
  if (c == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) abort();
  c->source = (struct source){.ready = call_ready, .fd = ends[0]};
  for (int i = 0; i < 3; i++) c->fds[i] = open("/dev/null", O_RDWR);
  c->next = calls;
  calls = c;
  put_u32(&c->request, (uint32_t)size);
  put_bytes(&c->request, data, size);
  announce(c);
  call_close(c);
  close(ends[1]);
  out.length = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (pair[1] == 0) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) abort();
    channel_open(pair[0]);
  }
  if (size > 0 && data[0] & 1) try_call(data + 1, size - 1);
  else if (size > 0) try_frames(data + 1, size - 1);
  return 0;
}

#ifndef LIBFUZZER
static uint64_t state;
static uint32_t draw(uint32_t below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % below;
}

/* Frames with true lengths and small numbers, so that the decoders get somewhere; then a few bytes are spoilt. */
static size_t compose(uint8_t *data, size_t room) {
  size_t size = 1;
  data[0] = (uint8_t)draw(2);
  for (uint32_t frames = 1 + draw(3); data[0] == 0 && frames > 0; frames--) {
    uint32_t length = draw(400), header[3] = {length, draw(8), draw(4)};
    if (size + HEADER_IN + length > room) break;
    memcpy(data + size, header, HEADER_IN);
    size += HEADER_IN;
    for (uint32_t i = 0; i < length; i++) data[size++] = (uint8_t)(draw(3) == 0 ? draw(256) : draw(4));
  }
  for (uint32_t length = draw(300); data[0] == 1 && length > 0; length--) data[size++] = (uint8_t)(draw(2) ? 0 : draw(5));
  for (uint32_t spoils = draw(4); spoils > 0; spoils--) data[draw((uint32_t)size)] ^= (uint8_t)draw(256);
  return size;
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? atol(argv[1]) : 100000;
  state = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
  static uint8_t data[8192];
  for (long i = 0; i < rounds; i++) LLVMFuzzerTestOneInput(data, compose(data, sizeof data));
  printf("%ld rounds\n", rounds);
  return 0;
}
#endif
