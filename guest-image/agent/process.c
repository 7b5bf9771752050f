#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "start.h"

int setns(int fd, int flags); /* <sched.h> and <linux/sched.h> exclude each other */

enum { CHILD_STACK = 256 << 10, BUCKETS = 64 };

struct process {
  pid_t pid;
  uint32_t id;
  struct process *next;
};
static struct process *processes[BUCKETS];

/* The host's id of the process; takes it out of the table. 0: not one of its. */
static uint32_t process_take(pid_t pid) {
  for (struct process **link = &processes[pid % BUCKETS]; *link != NULL; link = &(*link)->next) {
    struct process *p = *link;
    if (p->pid != pid) continue;
    uint32_t id = p->id;
    *link = p->next;
    free(p);
    return id;
  }
  return 0;
}

void processes_forget(void) {
  for (int i = 0; i < BUCKETS; i++) {
    while (processes[i] != NULL) process_take(processes[i]->pid);
  }
}

void process_reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    uint32_t id = process_take(pid);
    if (id == 0) continue;
    size_t mark = frame_begin(G_exit, id);
    put_u32(&out, WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 128u + (uint32_t)WTERMSIG(status));
    put_u32(&out, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
    frame_end(mark);
  }
}

static uint8_t child_stack[CHILD_STACK] __attribute__((aligned(64)));

/* clone3 whose child runs `run(argument)` on its own stack: it shares our memory, and must not touch our frames. */
static long clone_onto_stack(struct clone_args *args, int (*run)(void *), void *argument) {
  long result;
#if defined(__i386__)
  __asm__ volatile(
      "int $0x80\n\t"
      "test %%eax, %%eax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "push %%edi\n\t"
      "call *%%esi\n\t"
      "mov %%eax, %%ebx\n\t"
      "mov $1, %%eax\n\t"
      "int $0x80\n"
      "1:"
      : "=a"(result)
      : "0"(SYS_clone3), "b"(args), "c"(sizeof *args), "S"(run), "D"(argument)
      : "memory");
#elif defined(__x86_64__)
  register int (*r12)(void *) __asm__("r12") = run;
  register void *r13 __asm__("r13") = argument;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "mov %%eax, %%edi\n\t"
      "mov $60, %%eax\n\t"
      "syscall\n"
      "1:"
      : "=a"(result)
      : "0"(SYS_clone3), "D"(args), "S"(sizeof *args), "r"(r12), "r"(r13)
      : "rcx", "r11", "memory");
#endif
  return result;
}

static int run_child(void *argument) {
  start_child(argument);
  return 127;
}

/* The child shares our memory and we stand still until it has executed its program: `failure.error` says if it has. */
static pid_t start_shared(struct start *start, struct clone_args *args) {
  args->flags |= CLONE_VM | CLONE_VFORK;
  args->stack = (uintptr_t)child_stack;
  args->stack_size = sizeof child_stack;
  long pid = clone_onto_stack(args, run_child, start);
  return pid < 0 ? fail(S_clone, (int)pid, "clone3", start->cgroup) : (pid_t)pid;
}

static int write_map(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fail(S_namespaces, errno, "open", path);
  int e = write(fd, text, strlen(text)) < 0 ? fail(S_namespaces, errno, "write", path) : 0;
  close(fd);
  return e;
}

/* A new user namespace is mapped by us while the child waits; a new time namespace forbids shared memory. */
static pid_t start_copied(struct start *start, struct clone_args *args) {
  int go[2] = {NONE, NONE}, done[2];
  bool mapped = start->unshare & CLONE_NEWUSER;
  if (pipe2(done, O_CLOEXEC) < 0) return fail(S_clone, errno, "pipe", NULL);
  if (mapped && pipe2(go, O_CLOEXEC) < 0) {
    int e = fail(S_clone, errno, "pipe", NULL);
    close(done[0]);
    close(done[1]);
    return e;
  }
  long pid = syscall(SYS_clone3, args, sizeof *args);
  if (pid == 0) {
    close(done[0]);
    if (mapped) close(go[1]);
    start->go = go[0];
    start_child(start);
    ssize_t told = write(done[1], &failure, sizeof failure);
    _exit(told < 0 ? 126 : 127);
  }
  int error = errno;
  close(done[1]);
  if (mapped) close(go[0]);
  if (pid < 0) {
    fail(S_clone, error, "clone3", start->cgroup);
  } else {
    int e = mapped ? write_map((pid_t)pid, "uid_map", start->uid_map) : 0;
    if (e == 0 && mapped) e = write_map((pid_t)pid, "gid_map", start->gid_map);
    if (e == 0 && mapped && write(go[1], "", 1) < 0) fail(S_namespaces, errno, "write", NULL);
    if (mapped) close(go[1]);
    struct failure of_child;
    /* Pointers in it are good here, too: the child is a copy of us. */
    bool failed = read(done[0], &of_child, sizeof of_child) == sizeof of_child;
    if (failed && e == 0) failure = of_child;
  }
  if (pid < 0 && mapped) close(go[1]);
  close(done[0]);
  return (pid_t)pid;
}

static int open_joined(struct start *start) {
  for (int i = 0; i < start->join_count; i++) {
    start->joins[i].fd = (int)syscall(SYS_pidfd_open, start->joins[i].pid, 0);
    if (start->joins[i].fd < 0) return fail(S_namespaces, errno, "pidfd_open", NULL);
  }
  return 0;
}

static void close_joined(const struct start *start) {
  for (int i = 0; i < start->join_count; i++) {
    if (start->joins[i].fd >= 0) close(start->joins[i].fd);
  }
}

/* The child's PID namespace is the one that we are set to make children in. */
static int enter_pid_namespace(const struct start *start) {
  for (int i = 0; i < start->join_count; i++) {
    if (!(start->joins[i].flags & CLONE_NEWPID)) continue;
    return setns(start->joins[i].fd, CLONE_NEWPID) < 0 ? fail(S_namespaces, errno, "setns", "pid") : 1;
  }
  for (int i = 0; i < start->path_count; i++) {
    if (start->paths[i].flag != CLONE_NEWPID) continue;
    int fd = open(start->paths[i].path, O_RDONLY | O_CLOEXEC);
    int e = fd < 0 || setns(fd, CLONE_NEWPID) < 0 ? fail(S_namespaces, errno, "setns", start->paths[i].path) : 1;
    if (fd >= 0) close(fd);
    return e;
  }
  return 0;
}

static pid_t clone_process(struct start *start) {
  struct clone_args args = {
      .exit_signal = SIGCHLD,
      .flags = start->unshare & ~(uint32_t)CLONE_NEWCGROUP,
  };
  int cgroup = NONE;
  if (start->cgroup[0] != 0) {
    cgroup = open(start->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cgroup < 0) return fail(S_clone, errno, "open", start->cgroup);
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup;
  }
  int joined = open_joined(start);
  if (joined == 0) joined = enter_pid_namespace(start);
  failure.error = joined < 0 ? failure.error : 0;
  pid_t pid = joined < 0                                        ? joined
              : start->unshare & (CLONE_NEWUSER | CLONE_NEWTIME) ? start_copied(start, &args)
                                                                : start_shared(start, &args);
  if (joined > 0) setns(own_pid, CLONE_NEWPID);
  close_joined(start);
  if (cgroup != NONE) close(cgroup);
  if (pid < 0) return -failure.error;
  if (failure.error == 0) return pid;
  /* It is gone or about to go: not waited for, it would keep its cgroup busy. */
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  return -failure.error;
}

static int receive_descriptor(int socket) {
  int fd = NONE;
  char byte, control[CMSG_SPACE(sizeof fd)];
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) <= 0) return NONE;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

/* Our ends of the standard descriptors: [0] to the process (or the terminal's master), [1] and [2] from it. */
struct ends {
  int ours[3], theirs[3];
};

static void close_all(int fds[3]) {
  for (int i = 0; i < 3; i++) {
    if (fds[i] >= 0) close(fds[i]);
    fds[i] = NONE;
  }
}

static int open_pipe(struct ends *ends, int index) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) return -errno;
  int own = index == 0 ? 1 : 0;
  ends->ours[index] = fds[own];
  ends->theirs[index] = fds[!own];
  /* A read after epoll never waits: nobody else reads. A write may. */
  return index == 0 && fcntl(fds[own], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_ends(const struct start *start, struct ends *ends) {
  int e = 0;
  switch (start->stdio) {
    case STDIO_PIPES:
    case STDIO_PIPES_INPUT:
      for (int i = start->stdio == STDIO_PIPES ? 1 : 0; e == 0 && i < 3; i++) e = open_pipe(ends, i);
      break;
    case STDIO_TERMINAL: {
      int unlock = 0;
      ends->ours[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
      if (ends->ours[0] < 0 || ioctl(ends->ours[0], TIOCSPTLCK, &unlock) < 0) return -errno;
      ends->theirs[0] = ioctl(ends->ours[0], _IO('T', 0x41), O_RDWR | O_NOCTTY | O_CLOEXEC);
      if (ends->theirs[0] < 0) return -errno;
      break;
    }
    case STDIO_TERMINAL_INSIDE: {
      int pair[2];
      if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -errno;
      ends->ours[0] = pair[0];
      ends->theirs[0] = pair[1];
      break;
    }
    default: break;
  }
  return e;
}

static void give_ends(struct start *start, const struct ends *ends) {
  static int null = NONE;
  if (null == NONE) null = open("/dev/null", O_RDWR | O_CLOEXEC);
  bool terminal = start->stdio == STDIO_TERMINAL;
  if (start->stdio == STDIO_TERMINAL_INSIDE) start->terminal = ends->theirs[0];
  for (int i = 0; i < 3; i++) {
    int fd = ends->theirs[terminal ? 0 : i];
    start->fds[i] = fd < 0 ? null : fd;
  }
}

static void open_streams(uint32_t id, const struct start *start, struct ends *ends) {
  if (start->stdio >= STDIO_TERMINAL) {
    int master = ends->ours[0];
    if (start->stdio == STDIO_TERMINAL_INSIDE) {
      master = receive_descriptor(ends->ours[0]);
      close(ends->ours[0]);
      if (master >= 0) fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    }
    if (master >= 0) stream_new(id + 1, master, STREAM_READ | STREAM_WRITE | STREAM_TERMINAL, WINDOW_OUT);
    return;
  }
  if (ends->ours[0] >= 0) stream_new(id + 1, ends->ours[0], STREAM_WRITE, 0);
  if (ends->ours[1] >= 0) stream_new(id + 2, ends->ours[1], STREAM_READ, WINDOW_OUT);
  if (ends->ours[2] >= 0) stream_new(id + 3, ends->ours[2], STREAM_READ, WINDOW_OUT);
}

static int start_process(struct start *start, struct ends *ends) {
  static struct buffer discarded;
  discarded.length = 0;
  int e = start->prepare_count == 0 ? 0 : run_ops(&start->prepare, start->prepare_count, S_prepare, &discarded);
  if (e < 0) return e;
  e = open_ends(start, ends);
  if (e < 0) return fail(start->stdio >= STDIO_TERMINAL ? S_terminal : S_clone, e, "open", "stdio");
  give_ends(start, ends);
  return clone_process(start);
}

void handle_spawn(uint32_t id, struct reader *r) {
  struct start start;
  struct ends ends = {{NONE, NONE, NONE}, {NONE, NONE, NONE}};
  int e = start_read(&start, r);
  struct process *process = e < 0 ? NULL : malloc(sizeof *process);
  if (e == 0 && process == NULL) e = -ENOMEM;
  pid_t pid = e < 0 ? fail(S_channel, e, "spawn", NULL) : start_process(&start, &ends);
  close_all(ends.theirs);
  if (pid < 0) {
    close_all(ends.ours);
    free(process);
    send_failure(id);
  } else {
    *process = (struct process){pid, id, processes[pid % BUCKETS]};
    processes[pid % BUCKETS] = process;
    send_u32(G_result, id, (uint32_t)pid);
    open_streams(id, &start, &ends);
  }
  start_free(&start);
}

void handle_resize(uint32_t id, struct reader *r) {
  uint32_t process = read_u32(r);
  struct winsize size = {.ws_row = read_u16(r), .ws_col = read_u16(r)};
  struct stream *terminal = stream_find(process + 1);
  /* One whose terminal is closed has ended, or is about to. */
  if (terminal != NULL) ioctl(stream_fd(terminal), TIOCSWINSZ, &size);
  send_empty(G_result, id);
}
