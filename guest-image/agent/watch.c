/* What the kernel tells by itself: changed files and mounts (inotify(7), /proc/PID/mounts of proc(5)), processes that begin, change and
 * end (the process connector), sockets that begin to listen. A watch answers once: its stream carries one byte, the kinds that have
 * changed, and ends. Who wants to know more looks, and watches again before that. */
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

enum { KIND_FILES = 1, KIND_PROCESSES = 2, KIND_SOCKETS = 4, FILES_MAX = 64 };
enum { FILE_EVENTS = IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF };

struct watch;
struct sight {
  struct source source;
  struct watch *watch;
  uint8_t kind;
  uint32_t events;
};
struct watch {
  /* The pipe's end for writing; an error on it: nobody reads any more. */
  struct source pipe;
  int count;
  /* inotify, processes, sockets, and the mounts of each process whose files are watched. */
  struct sight sights[3 + FILES_MAX];
};

/* ---- processes */

static int tell_connector(int fd, enum proc_cn_mcast_op operation) {
  struct {
    struct nlmsghdr header;
    struct cn_msg message;
    enum proc_cn_mcast_op operation;
  } __attribute__((packed, aligned(4))) request = {
      .header = {.nlmsg_len = sizeof request, .nlmsg_type = NLMSG_DONE},
      .message = {.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .len = sizeof request.operation},
      .operation = operation,
  };
  return send(fd, &request, sizeof request, 0) < 0 ? -errno : 0;
}

/* Takes what has come. Answers whether any of it is an event: each listener is told of each one that comes or goes, too. */
static bool processes_changed(int fd) {
  bool changed = false;
  uint8_t message[512];
  for (ssize_t n; (n = recv(fd, message, sizeof message, MSG_DONTWAIT)) >= 0 || errno == ENOBUFS;) {
    struct proc_event event;
    size_t at = NLMSG_HDRLEN + sizeof(struct cn_msg);
    if (n < 0) changed = true;
    if (n < (ssize_t)(at + offsetof(struct proc_event, cpu))) continue;
    memcpy(&event, message + at, offsetof(struct proc_event, cpu));
    if (event.what != PROC_EVENT_NONE) changed = true;
  }
  return changed;
}

static int processes_open(void) {
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
  if (fd < 0) return -errno;
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
  int e = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : tell_connector(fd, PROC_CN_MCAST_LISTEN);
  if (e == 0) {
    /* The answer to our own request is there already: the kernel handles it while it is sent. */
    processes_changed(fd);
    return fd;
  }
  close(fd);
  return e;
}

/* ---- sockets: a program at the root cgroup, run by each listen(2) below it, writes into a ring that can be waited for. It stays:
 * to attach the first one and to detach the last one patches the kernel's code. */

static int ring = NONE;
static volatile unsigned long *ring_consumed, *ring_produced;

static int bpf(int command, union bpf_attr *attributes) {
  int fd = (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
  return fd < 0 ? -errno : fd;
}

static int attach_listen_program(int map) {
  /* if (context->op == BPF_SOCK_OPS_TCP_LISTEN_CB) ringbuf_output(map, &zero, 8, BPF_RB_FORCE_WAKEUP); return 1; */
  const struct bpf_insn program[] = {
      {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1, .off = 0},
      {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 8, .imm = BPF_SOCK_OPS_TCP_LISTEN_CB},
      {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8, .imm = 0},
      {.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
      {.code = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
      {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -8},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 8},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = BPF_RB_FORCE_WAKEUP},
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load = {
      .prog_type = BPF_PROG_TYPE_SOCK_OPS,
      .insn_cnt = sizeof program / sizeof program[0],
      .insns = (uintptr_t)program,
      .license = (uintptr_t) "Apache",
  };
  int cgroup = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return -errno;
  int loaded = bpf(BPF_PROG_LOAD, &load), e = loaded;
  if (loaded >= 0) {
    union bpf_attr attach = {
        .target_fd = (uint32_t)cgroup,
        .attach_bpf_fd = (uint32_t)loaded,
        .attach_type = BPF_CGROUP_SOCK_OPS,
        .attach_flags = BPF_F_ALLOW_MULTI,
    };
    e = bpf(BPF_PROG_ATTACH, &attach);
    close(loaded);
  }
  close(cgroup);
  return e < 0 ? e : 0;
}

static int ring_open(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  union bpf_attr create = {.map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = (uint32_t)page};
  int map = bpf(BPF_MAP_CREATE, &create);
  if (map < 0) return map;
  void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  void *producer = mmap(NULL, page, PROT_READ, MAP_SHARED, map, (off_t)page);
  int e = consumer == MAP_FAILED || producer == MAP_FAILED ? -errno : attach_listen_program(map);
  if (e == 0) {
    ring_consumed = consumer;
    ring_produced = producer;
    ring = map;
    return 0;
  }
  if (consumer != MAP_FAILED) munmap(consumer, page);
  if (producer != MAP_FAILED) munmap(producer, page);
  close(map);
  return e;
}

/* Each watch waits by a descriptor of its own: the loop knows a source by it. */
static int sockets_open(void) {
  int e = ring == NONE ? ring_open() : 0;
  if (e < 0) return e;
  int fd = fcntl(ring, F_DUPFD_CLOEXEC, 3);
  return fd < 0 ? -errno : fd;
}

/* ---- files */

/* What is there of the path is watched by its directory, which tells of its entries; what is not, by the nearest directory above. */
static int watch_path(int inotify, const char *path) {
  char at[PATH_MAX];
  size_t length = strlen(path);
  if (path[0] != '/' || length >= sizeof at) return -EINVAL;
  memcpy(at, path, length + 1);
  for (;;) {
    char *slash = strrchr(at, '/');
    slash[slash == at ? 1 : 0] = 0;
    if (inotify_add_watch(inotify, at, FILE_EVENTS) >= 0) return 0;
    if ((errno != ENOENT && errno != ENOTDIR) || at[1] == 0) return -errno;
  }
}

static int watch_file(int inotify, uint32_t pid, const char *root, const char *path) {
  int e = enter_files(pid, root);
  if (e < 0) return e;
  e = watch_path(inotify, path);
  leave_files(pid);
  return e;
}

static int mounts_open(uint32_t pid) {
  char path[40];
  if (pid == 0) strcpy(path, "/proc/self/mounts");
  else snprintf(path, sizeof path, "/proc/%u/mounts", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* ---- watches */

static void watch_free(struct watch *w) {
  for (int i = 0; i < w->count; i++) {
    struct sight *s = &w->sights[i];
    source_forget(&s->source);
    if (s->kind == KIND_PROCESSES) tell_connector(s->source.fd, PROC_CN_MCAST_IGNORE);
    close(s->source.fd);
  }
  source_forget(&w->pipe);
  if (w->pipe.fd >= 0) close(w->pipe.fd);
  free(w);
}

static void reader_gone(struct source *source, uint32_t events) {
  (void)events;
  watch_free((struct watch *)source);
}

/* The other kinds may have changed in the same moment: they are named, too. */
static void sight_ready(struct source *source, uint32_t events) {
  (void)events;
  struct sight *fired = (struct sight *)source;
  struct watch *w = fired->watch;
  if (fired->kind == KIND_PROCESSES && !processes_changed(source->fd)) return;
  uint8_t kinds = fired->kind;
  for (int i = 0; i < w->count; i++) {
    struct sight *s = &w->sights[i];
    struct pollfd look = {.fd = s->source.fd, .events = (short)s->events};
    if (poll(&look, 1, 0) > 0) kinds |= s->kind;
  }
  if (kinds & KIND_SOCKETS) *ring_consumed = *ring_produced;
  /* The pipe is empty, and a reader that is gone needs no answer. */
  if (write(w->pipe.fd, &kinds, 1) < 0) kinds = 0;
  watch_free(w);
}

static int add_sight(struct watch *w, int fd, uint8_t kind, uint32_t events) {
  if (fd < 0) return fd;
  struct sight *s = &w->sights[w->count++];
  *s = (struct sight){.source = {.ready = sight_ready, .fd = fd}, .watch = w, .kind = kind, .events = events};
  return source_arm(&s->source, events);
}

static int add_files(struct watch *w, struct reader *r, int count) {
  int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  int e = add_sight(w, inotify < 0 ? -errno : inotify, KIND_FILES, EPOLLIN);
  uint32_t last = 0;
  for (int i = 0; i < count && e == 0; i++) {
    uint32_t pid = read_u32(r);
    const char *root = read_str(r), *path = read_str(r);
    if (r->bad) return -EBADMSG;
    e = watch_file(inotify, pid, root, path);
    /* A mount covers files without an event of theirs. */
    if (e == 0 && (i == 0 || pid != last)) e = add_sight(w, mounts_open(pid), KIND_FILES, EPOLLPRI);
    last = pid;
  }
  return e;
}

/* b kinds beside files, h count of files, for each: u process whose mounts count (0: ours), s root, s path. */
void handle_watch(uint32_t id, struct reader *r) {
  uint8_t kinds = read_u8(r);
  int files = read_u16(r), ends[2] = {NONE, NONE};
  if (r->bad || files > FILES_MAX) return send_error(id, S_channel, EBADMSG, "watch", NULL);
  struct watch *w = calloc(1, sizeof *w);
  if (w == NULL) return send_error(id, S_channel, ENOMEM, "watch", NULL);
  int e = pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
  w->pipe = (struct source){.ready = reader_gone, .fd = ends[1]};
  if (e == 0) e = source_arm(&w->pipe, EPOLLERR);
  if (e == 0 && kinds & KIND_PROCESSES) e = add_sight(w, processes_open(), KIND_PROCESSES, EPOLLIN);
  if (e == 0 && kinds & KIND_SOCKETS) e = add_sight(w, sockets_open(), KIND_SOCKETS, EPOLLIN);
  if (e == 0 && files > 0) e = add_files(w, r, files);
  if (e < 0) {
    watch_free(w);
    if (ends[0] >= 0) close(ends[0]);
    return send_error(id, S_batch, e, "watch", NULL);
  }
  send_empty(G_result, id);
  stream_new(id + 1, ends[0], STREAM_READ, WINDOW_OUT);
}
