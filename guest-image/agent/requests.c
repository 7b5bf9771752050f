#include "agent.h"

static void handle_batch(uint32_t id, struct reader *r) {
  uint32_t pid = read_u32(r);
  const char *root = read_str(r);
  int count = read_u16(r);
  if (r->bad) return send_error(id, S_channel, EBADMSG, "batch", NULL);
  int e = enter_files(pid, root);
  if (e < 0) return send_error(id, S_batch, e, "context", root);
  size_t mark = frame_begin(G_result, id);
  e = run_ops(r, count, S_batch, &out);
  leave_files(pid);
  if (e == 0) return frame_end(mark);
  frame_drop(mark);
  send_failure(id);
}

static void handle_open(uint32_t id, struct reader *r, bool writing) {
  uint32_t pid = read_u32(r);
  const char *root = read_str(r);
  const char *path = read_str(r);
  int fd = file_open(pid, root, path, r, writing);
  if (fd < 0) return send_error(id, r->bad ? S_channel : S_batch, fd, writing ? "write" : "read", path);
  send_empty(G_result, id);
  stream_new(id + 1, fd, writing ? STREAM_WRITE : STREAM_READ, writing ? 0 : WINDOW_OUT);
}

void handle_frame(uint32_t kind, uint32_t id, struct reader *r) {
  switch (kind) {
    case H_hello: return handle_hello(id, r);
    case H_batch: return handle_batch(id, r);
    case H_spawn: return handle_spawn(id, r);
    case H_resize: return handle_resize(id, r);
    case H_openRead: return handle_open(id, r, false);
    case H_openWrite: return handle_open(id, r, true);
    case H_connect: return handle_connect(id, r);
    case H_listen: return handle_listen(id, r);
    case H_datagram: return handle_datagram(id, r);
    case H_closeListener: return handle_close_listener(id, r);
    case H_callSetRaw: return handle_call_raw(id, r);
    case H_callSize: return handle_call_size(id, r);
    case H_callExit: return handle_call_exit(id, r);
    case H_watch: return handle_watch(id, r);
    case H_zeroFreeMemory: return handle_zero_free_memory(id);
    case H_data: return stream_data(id, r->at, (size_t)(r->end - r->at));
    case H_end: return stream_end(id);
    case H_credit: return stream_credit(id, read_u32(r));
    case H_reset: return stream_reset(id);
    default: return send_error(id, S_channel, ENOSYS, "request", NULL);
  }
}
