#include <ctype.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <grp.h>
#include <unistd.h>

#include "start.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
enum { ALL_BUT_PID = ~CLONE_NEWPID };

static int error_at(enum stage stage, const char *operation, const char *path) {
  return fail(stage, errno, operation, path);
}

static int write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int e = write(fd, text, strlen(text)) < 0 ? -errno : 0;
  close(fd);
  return e;
}

/* The agent has joined a PID namespace for us already; a user namespace comes first: it gives the right to the others. */
static int join_namespaces(const struct start *start) {
  for (int i = 0; i < start->join_count; i++) {
    int flags = (int)start->joins[i].flags & ALL_BUT_PID;
    if (flags == 0) continue;
    if (setns(start->joins[i].fd, flags) < 0) return error_at(S_namespaces, "setns", NULL);
  }
  for (int i = 0; i < start->path_count; i++) {
    if (start->paths[i].flag == CLONE_NEWPID) continue;
    int fd = open(start->paths[i].path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return error_at(S_namespaces, "open", start->paths[i].path);
    if (setns(fd, (int)start->paths[i].flag) < 0) return error_at(S_namespaces, "setns", start->paths[i].path);
    close(fd);
  }
  /* Only now: made by clone3 it would have the agent's own cgroup as its root. */
  if (start->unshare & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0) {
    return error_at(S_namespaces, "unshare", "cgroup");
  }
  return 0;
}

static int send_descriptor(int socket, int fd) {
  char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int bind_console(unsigned terminal) {
  char path[32];
  snprintf(path, sizeof path, "/dev/pts/%u", terminal);
  if (mount(path, "/dev/console", NULL, MS_BIND, NULL) == 0) return 0;
  if (errno == ENOENT) {
    int fd = open("/dev/console", O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    if (mount(path, "/dev/console", NULL, MS_BIND, NULL) == 0) return 0;
  }
  return error_at(S_terminal, "mount", "/dev/console");
}

/* A terminal of the devpts that the process sees; also its /dev/console (OCI runtime specification, `terminal`). */
static int open_terminal_inside(struct start *start) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) return error_at(S_terminal, "open", "/dev/ptmx");
  int unlock = 0;
  unsigned number = 0;
  if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &number) < 0) {
    return error_at(S_terminal, "ioctl", "/dev/ptmx");
  }
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return error_at(S_terminal, "open", "/dev/pts");
  /* Only of a new container: one that is joined has a console already. */
  int e = start->unshare & CLONE_NEWNS ? bind_console(number) : 0;
  if (e < 0) return e;
  e = send_descriptor(start->terminal, master);
  if (e < 0) return fail(S_terminal, e, "send", "/dev/ptmx");
  close(master);
  for (int i = 0; i < 3; i++) start->fds[i] = slave;
  return 0;
}

static int take_stdio(struct start *start, uid_t uid) {
  bool terminal = start->stdio >= STDIO_TERMINAL;
  if (start->stdio == STDIO_TERMINAL_INSIDE) {
    int e = open_terminal_inside(start);
    if (e < 0) return e;
  }
  if (terminal) {
    struct winsize size = {.ws_row = start->rows, .ws_col = start->columns};
    if (size.ws_row != 0) ioctl(start->fds[0], TIOCSWINSZ, &size);
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(start->fds[i], i) < 0) return error_at(S_terminal, "dup2", NULL);
    /* So that the user may open /dev/stdout, as runc does; /dev/null is everybody's. */
    if (uid != 0 && (terminal ? i == 0 : start->stdio != STDIO_NULL && (i > 0 || start->stdio == STDIO_PIPES_INPUT))) {
      if (fchown(i, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS) return error_at(S_terminal, "fchown", NULL);
    }
  }
  if (terminal && ioctl(0, TIOCSCTTY, 0) < 0) return error_at(S_terminal, "TIOCSCTTY", NULL);
  return 0;
}

static int set_limits(const struct start *start) {
  for (int i = 0; i < start->limit_count; i++) {
    const struct limit *l = &start->limits[i];
    uint64_t value[2] = {l->soft, l->hard};
    if (syscall(SYS_prlimit64, 0, (int)l->resource, value, NULL) < 0) return error_at(S_limits, "prlimit", NULL);
  }
  return 0;
}

static int install_seccomp(const struct start *start) {
  if (start->seccomp_length == 0) return 0;
  size_t count = start->seccomp_length / sizeof(struct sock_filter);
  /* Aligned, unlike the frame. */
  struct sock_filter *filter = malloc(count * sizeof *filter + 1);
  if (filter == NULL) return fail(S_seccomp, ENOMEM, "seccomp", NULL);
  memcpy(filter, start->seccomp, count * sizeof *filter);
  struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};
  int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
  int error = errno;
  free(filter);
  return result < 0 ? fail(S_seccomp, error, "seccomp", NULL) : 0;
}

static int drop_bounding(const struct start *start) {
  for (int capability = 0; start->has_capabilities && capability <= CAP_LAST_CAP; capability++) {
    if (start->bounding >> capability & 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL) {
      return error_at(S_capabilities, "capbset_drop", NULL);
    }
  }
  return 0;
}

static int become_user(const struct start *start, const struct user *user) {
  if (start->has_capabilities && user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) {
    return error_at(S_capabilities, "keepcaps", NULL);
  }
  /* Raw calls: the library's would have all threads of the memory that we share follow. */
#ifdef SYS_setgroups32
  long groups = syscall(SYS_setgroups32, user->count, user->groups);
  long gid = groups < 0 ? groups : syscall(SYS_setresgid32, user->gid, user->gid, user->gid);
  long uid = gid < 0 ? gid : syscall(SYS_setresuid32, user->uid, user->uid, user->uid);
#else
  long groups = syscall(SYS_setgroups, user->count, user->groups);
  long gid = groups < 0 ? groups : syscall(SYS_setresgid, user->gid, user->gid, user->gid);
  long uid = gid < 0 ? gid : syscall(SYS_setresuid, user->uid, user->uid, user->uid);
#endif
  return uid < 0 ? error_at(S_user, "setuid", NULL) : 0;
}

static int set_capabilities(const struct start *start) {
  if (!start->has_capabilities) return 0;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++) {
    data[i].effective = (uint32_t)(start->effective >> 32 * i);
    data[i].permitted = (uint32_t)(start->permitted >> 32 * i);
    data[i].inheritable = (uint32_t)(start->inheritable >> 32 * i);
  }
  if (syscall(SYS_capset, &header, data) < 0) return error_at(S_capabilities, "capset", NULL);
  for (int capability = 0; start->ambient >> capability != 0; capability++) {
    if (!(start->ambient >> capability & 1)) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) {
      return error_at(S_capabilities, "ambient", NULL);
    }
  }
  return 0;
}

static const char *environment(const struct start *start, const char *name) {
  size_t length = strlen(name);
  const char *value = NULL;
  for (int i = 0; start->env[i] != NULL; i++) {
    if (strncmp(start->env[i], name, length) == 0 && start->env[i][length] == '=') value = start->env[i] + length + 1;
  }
  return value;
}

/* A program that is there and may be executed has been started, as under runc: what keeps it from running (its interpreter is missing,
   it is another machine's) it says itself, and ends with 255. */
static int not_executed(const char *program) {
  int error = errno;
  struct stat st;
  bool started = error != EACCES && error != EPERM && stat(program, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
  if (started) {
    const char *why = strerror(error);
    dprintf(STDERR_FILENO, "exec %s: %c%s\n", program, tolower(why[0]), why + 1);
    _exit(255);
  }
  errno = error;
  return error_at(S_exec, "exec", program);
}

static int execute(const struct start *start) {
  const char *program = start->args[0];
  if (strchr(program, '/') != NULL) {
    execve(program, start->args, start->env);
    return not_executed(program);
  }
  const char *path = environment(start, "PATH");
  char candidate[4096];
  for (const char *at = path == NULL ? "" : path; program[0] != 0 && *at != 0;) {
    int length = (int)strcspn(at, ":");
    int n = length == 0 ? snprintf(candidate, sizeof candidate, "./%s", program)
                        : snprintf(candidate, sizeof candidate, "%.*s/%s", length, at, program);
    at += length + (at[length] == ':');
    struct stat st;
    if (n >= (int)sizeof candidate || stat(candidate, &st) < 0) continue;
    if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0) continue;
    execve(candidate, start->args, start->env);
    return not_executed(candidate);
  }
  fail(S_exec, ENOENT, "exec", program);
  snprintf(failure.text, sizeof failure.text, "executable file not found in $PATH");
  return -ENOENT;
}

static int reset_signals(void) {
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The order is runc's: what needs privilege first; seccomp before the capabilities go unless no_new_privs allows it after. */
int start_child(struct start *start) {
  if (start->go != NONE) {
    char byte;
    if (read(start->go, &byte, 1) != 1) return fail(S_namespaces, EPIPE, "user namespace", NULL);
    close(start->go);
  }
  char score[16];
  if (start->oom_score != 0) {
    snprintf(score, sizeof score, "%d", (int)start->oom_score);
    int e = write_file("/proc/self/oom_score_adj", score);
    if (e < 0) return fail(S_limits, e, "write", "/proc/self/oom_score_adj");
  }
  int e = join_namespaces(start);
  if (e < 0) return e;
  /* A session is needed for a controlling terminal. */
  if (start->new_session || start->stdio >= STDIO_TERMINAL) setsid();
  static struct buffer discarded;
  discarded.length = 0;
  if (start->setup_count > 0 && (e = run_ops(&start->setup, start->setup_count, S_setup, &discarded)) < 0) return e;
  static struct user user;
  if ((e = user_lookup(start->user, start->groups, start->group_count, &user)) < 0) return e;
  static char home[sizeof user.home + 8];
  if (environment(start, "HOME") == NULL) {
    snprintf(home, sizeof home, "HOME=%s", user.home);
    start->env[start->env_count] = home;
  }
  if ((e = take_stdio(start, user.uid)) < 0) return e;
  if ((e = set_limits(start)) < 0) return e;
  umask((mode_t)start->umask);
  if (!start->no_new_privileges && (e = install_seccomp(start)) < 0) return e;
  /* As root, for a directory that only root may enter; where that is refused (NFS-like), as the user below. */
  bool entered = chdir(start->cwd) == 0;
  if (!entered && errno != EACCES) return error_at(S_cwd, "chdir", start->cwd);
  if ((e = drop_bounding(start)) < 0) return e;
  if ((e = become_user(start, &user)) < 0) return e;
  if ((e = set_capabilities(start)) < 0) return e;
  if (!entered && chdir(start->cwd) < 0) return error_at(S_cwd, "chdir", start->cwd);
  if (start->no_new_privileges) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return error_at(S_capabilities, "no_new_privs", NULL);
    if ((e = install_seccomp(start)) < 0) return e;
  }
  reset_signals();
  return execute(start);
}
