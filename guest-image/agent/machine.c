#include <dirent.h>
#include <fcntl.h>
#include <linux/random.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "calls.h"

static void write_file(const char *path, const char *text, int flags) {
  int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
  if (fd < 0) return;
  if (write(fd, text, strlen(text)) < 0) perror(path);
  close(fd);
}

static void mount_at(const char *type, const char *path, unsigned long flags, const char *data) {
  mkdir(path, 0755);
  if (mount(type, path, type, flags, data) < 0) perror(path);
}

/* The initial ramfs can be neither pivoted nor unmounted, and no process inside could pivot: the machine's root becomes
 * a tmpfs of its own. The agent's own file stays behind, in memory as it runs. */
static void leave_initial_root(void) {
  mkdir("/root", 0755);
  if (mount("tmpfs", "/root", "tmpfs", 0, "mode=755") < 0) return perror("tmpfs");
  mkdir("/root/bin", 0755);
  tree_copy("/bin", "/root/bin");
  if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0) {
    perror("root");
  }
}

static void mount_everything(void) {
  mount_at("devtmpfs", "/dev", MS_NOSUID, "mode=755");
  mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_at("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=620,gid=5,ptmxmode=666");
  mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
  mount_at("cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755");
  mount_at("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
  write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu +io +memory +pids", 0);
  const char *const links[][2] = {
      {"/proc/self/fd", "/dev/fd"},
      {"/proc/self/fd/0", "/dev/stdin"},
      {"/proc/self/fd/1", "/dev/stdout"},
      {"/proc/self/fd/2", "/dev/stderr"},
  };
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST) perror(links[i][1]);
  }
}

void machine_setup(void) {
  /* The kernel's threads share our root and working directory until now; setns refuses a mount namespace to who shares. */
  if (unshare(CLONE_FS | CLONE_FILES) < 0) perror("unshare");
  umask(0);
  leave_initial_root();
  mount_everything();
  setsid();
  int console = open("/dev/console", O_RDWR | O_NOCTTY);
  for (int i = 0; console >= 0 && i < 3; i++) dup2(console, i);
  if (console > 2) close(console);
  network_namespace_create("");
  /* Or every new network namespace comes with a sit0, which takes time and nobody expects. */
  write_file("/proc/sys/net/core/fb_tunnels_only_for_init_net", "2", 0);
  /* Docker's default for containers, too. */
  struct rlimit files = {1048576, 1048576};
  setrlimit(RLIMIT_NOFILE, &files);
  calls_listen(CALLS_SOCKET);
  /* Where it stays when the root is changed: it is bound into containers that want an init. */
  mkdir("/run/drydock", 0755);
  int e = tree_copy("/bin/docker-init", "/run/drydock/init");
  if (e < 0) fprintf(stderr, "docker-init: %s\n", strerror(-e));
}

/* Port 1 of the virtio console: the kernel counts it among all virtio devices, of which the machine has others. */
int machine_channel(void) {
  for (int tries = 0; tries < 500; tries++) {
    for (int device = 0; device < 8; device++) {
      char path[32];
      snprintf(path, sizeof path, "/dev/vport%dp1", device);
      int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
      if (fd >= 0) return fd;
    }
    struct timespec wait = {.tv_nsec = 10000000};
    nanosleep(&wait, NULL);
  }
  return NONE;
}

static void add_entropy(const uint8_t *bytes, uint32_t length) {
  union {
    struct rand_pool_info info;
    uint8_t bytes[sizeof(struct rand_pool_info) + 256];
  } pool;
  if (length > 256) length = 256;
  pool.info.entropy_count = (int)(8 * length);
  pool.info.buf_size = (int)length;
  memcpy(pool.bytes + offsetof(struct rand_pool_info, buf), bytes, length);
  int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  ioctl(fd, RNDADDENTROPY, &pool);
  /* Mixed in at once, or two machines of one snapshot would draw the same numbers for a while. */
  ioctl(fd, RNDRESEEDCRNG, 0);
  close(fd);
}

/* "qu" wall clock, d entropy, s machine id, s host name, b fresh: what an earlier host left open is closed. Answers "u". */
void handle_hello(uint32_t id, struct reader *r) {
  uint64_t seconds = read_u64(r);
  uint32_t nanoseconds = read_u32(r), length;
  const uint8_t *entropy = read_data(r, &length);
  const char *machine = read_str(r), *host = read_str(r);
  bool fresh = read_u8(r);
  if (r->bad) return send_error(id, S_channel, EBADMSG, "hello", NULL);
  if (fresh) {
    streams_close_all();
    listeners_close_all();
    calls_close_all();
    processes_forget();
  }
  struct timespec now = {.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds};
  if (seconds != 0) clock_settime(CLOCK_REALTIME, &now);
  if (length > 0) add_entropy(entropy, length);
  if (machine[0] != 0) {
    mkdir("/etc", 0755);
    char line[64];
    snprintf(line, sizeof line, "%s\n", machine);
    write_file("/etc/machine-id", line, O_CREAT | O_TRUNC);
  }
  if (host[0] != 0) sethostname(host, strlen(host));
  send_u32(G_result, id, PROTOCOL_VERSION);
}
