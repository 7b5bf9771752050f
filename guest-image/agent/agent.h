/* The agent: PID 1 of the machine. It knows system calls, not Docker; the host decides. See protocol.def.
 *
 * Error convention: a function that can fail answers 0 or a positive value, or a negative errno. */
#ifndef AGENT_H
#define AGENT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

enum {
  PROTOCOL_VERSION = 1,
  HEADER_IN = 12,
  HEADER_OUT = 16,
  FRAME_MAX = 8 << 20,
  RESULT_MAX = 48 << 20,
  /* The link: a read takes one buffer of at most this many bytes; an acknowledgement is due after so many reads. */
  LINK_CHUNK = 4096,
  LINK_ACK_AFTER = 4,
  /* Bytes of a stream that may be under way: to the host and to a file descriptor of the guest. */
  WINDOW_OUT = 256 << 10,
  WINDOW_IN = 64 << 10,
  NONE = -1,
};

enum host_frame {
#define HOST_FRAME(name, number) H_##name = number,
#include "protocol.def"
#undef HOST_FRAME
};
enum guest_frame {
#define GUEST_FRAME(name, number) G_##name = number,
#include "protocol.def"
#undef GUEST_FRAME
};
enum stage {
#define STAGE(name, number) S_##name = number,
#include "protocol.def"
#undef STAGE
};
enum op_kind {
#define OP(name, number, fields) OP_##name = number,
#include "protocol.def"
#undef OP
};
enum result_tag {
#define RESULT(name, number, fields) R_##name = number,
#include "protocol.def"
#undef RESULT
};

/* ---- wire.c: bounds-checked reading, growing buffers to write to */
struct reader {
  const uint8_t *at, *end;
  bool bad;
};
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
/* A NUL-terminated string inside the frame; "" when the frame is bad. */
const char *read_str(struct reader *r);
const uint8_t *read_data(struct reader *r, uint32_t *length);

struct buffer {
  uint8_t *data;
  size_t length, capacity;
};
/* Room for `more` bytes at the end; NULL when the buffer would grow beyond RESULT_MAX or memory is out. */
uint8_t *buffer_room(struct buffer *b, size_t more);
int put_u8(struct buffer *b, uint8_t value);
int put_u16(struct buffer *b, uint16_t value);
int put_u32(struct buffer *b, uint32_t value);
int put_u64(struct buffer *b, uint64_t value);
int put_bytes(struct buffer *b, const void *bytes, size_t length);
int put_str(struct buffer *b, const char *text);
int put_data(struct buffer *b, const void *bytes, size_t length);

/* ---- channel.c: frames out, frames in */
extern struct buffer out;
void channel_open(int fd);
int channel_fd(void);
/* Forgets an incomplete frame. */
void channel_reset(void);
/* Reads one buffer and handles each complete frame. Answers a negative errno when the channel is lost. */
int channel_read(void);
void channel_flush(void);
/* Starts a frame in `out`; what is put there until frame_end is its payload. Answers a mark for frame_end and frame_drop. */
size_t frame_begin(enum guest_frame kind, uint32_t id);
void frame_end(size_t mark);
void frame_drop(size_t mark);
void send_empty(enum guest_frame kind, uint32_t id);
void send_u32(enum guest_frame kind, uint32_t id, uint32_t value);
void send_failure(uint32_t id);
void send_error(uint32_t id, enum stage stage, int error, const char *operation, const char *path);
/* requests.c: what a frame asks for. */
void handle_frame(uint32_t kind, uint32_t id, struct reader *r);

/* What went wrong last, for the error frame. A started process that shares our memory fills it, too. */
struct failure {
  int error;
  enum stage stage;
  int index;
  const char *operation;
  char path[512];
  char text[512];
};
extern struct failure failure;
/* Records and answers -error. */
int fail(enum stage stage, int error, const char *operation, const char *path);

/* ---- ops.c */
/* Runs `count` operations from the reader, in order; results go into `results`. Answers 0 or a negative errno with `failure` set. */
int run_ops(struct reader *r, int count, enum stage stage, struct buffer *results);
/* Opens a file for a stream: reading "q" offset; writing "uuu" mode uid gid. Answers a descriptor or a negative errno. */
int file_open(uint32_t pid, const char *root, const char *path, struct reader *r, bool writing);
/* ---- tree.c: whole trees, never following a symbolic link nor leaving the file system */
int tree_remove(const char *path);
int tree_copy(const char *from, const char *to);
int tree_walk(const char *path, uint32_t limit, struct buffer *results);
struct stat;
int put_stat(struct buffer *b, const struct stat *st);
uint8_t file_type(mode_t mode);
/* ---- netlink.c */
int netlink_exchange(const char *namespace, uint32_t protocol, const uint8_t *messages, uint32_t length,
                     struct buffer *results);
int network_namespace_create(const char *path);
/* ---- devices.c */
int partition_add(const char *device, uint32_t number, uint64_t start, uint64_t length);
int partition_remove(const char *device, uint32_t number);
int device_program_attach(const char *cgroup, const uint8_t *program, uint32_t length);

/* ---- namespaces.c: the agent's own namespaces, and excursions from them */
extern int own_mount, own_network, own_pid;
void namespaces_open(void);
int enter_network(const char *path);
void leave_network(void);
int enter_files(uint32_t pid, const char *root);
void leave_files(uint32_t pid);

/* ---- loop.c: sources of events */
struct source;
typedef void source_ready(struct source *source, uint32_t events);
struct source {
  source_ready *ready;
  int fd;
  uint32_t armed;
};
/* Changes what the loop waits for; 0 takes the source out. Answers -EPERM for files that are always ready. */
int source_arm(struct source *source, uint32_t events);
/* A source that was freed while its events may still be in hand. */
void source_forget(struct source *source);
int loop_run(void);

/* ---- streams.c: byte streams between the host and file descriptors */
enum { STREAM_READ = 1, STREAM_WRITE = 2, STREAM_SOCKET = 4, STREAM_TERMINAL = 8, STREAM_DATAGRAM = 16 };
struct stream;
/* Takes the descriptor over. Without credit nothing is read before the host grants some. Answers NULL when memory is out. */
struct stream *stream_new(uint32_t id, int fd, int flags, uint32_t credit);
struct stream *stream_find(uint32_t id);
int stream_fd(const struct stream *stream);
bool stream_drained(const struct stream *stream);
void stream_data(uint32_t id, const uint8_t *data, size_t length);
void stream_end(uint32_t id);
void stream_credit(uint32_t id, uint32_t bytes);
void stream_reset(uint32_t id);
void stream_pump(void);
bool streams_ready(void);
void streams_close_all(void);
uint32_t new_id(void);

/* ---- process.c and start.c */
void handle_spawn(uint32_t id, struct reader *r);
void handle_resize(uint32_t id, struct reader *r);
void process_reap(void);
void processes_forget(void);

/* ---- user.c: the user and groups of a process, from the root's passwd and group files */
struct user {
  uid_t uid;
  gid_t gid;
  gid_t groups[64];
  int count;
  char home[256];
};
int user_lookup(const char *spec, const char *const *extra, int extra_count, struct user *user);

/* ---- sockets.c */
void handle_connect(uint32_t id, struct reader *r);
void handle_listen(uint32_t id, struct reader *r);
void handle_datagram(uint32_t id, struct reader *r);
void handle_close_listener(uint32_t id, struct reader *r);
void listeners_close_all(void);

/* ---- calls.c: the `docker` stub's calls */
void calls_listen(const char *path);
void calls_check(void);
void handle_call_raw(uint32_t id, struct reader *r);
void handle_call_size(uint32_t id, struct reader *r);
void handle_call_exit(uint32_t id, struct reader *r);
void calls_close_all(void);

/* ---- watch.c */
void handle_watch(uint32_t id, struct reader *r);
/* ---- memory.c */
void handle_zero_free_memory(uint32_t id);
/* ---- machine.c: what PID 1 does first, and the renewal after a restore */
void machine_setup(void);
void handle_hello(uint32_t id, struct reader *r);
int machine_channel(void);

#endif
