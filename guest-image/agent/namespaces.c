#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

int own_mount = NONE, own_network = NONE, own_pid = NONE;

void namespaces_open(void) {
  own_mount = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  own_network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  own_pid = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
}

int enter_network(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int e = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
  close(fd);
  return e;
}

void leave_network(void) { setns(own_network, CLONE_NEWNET); }

/* The root to come back to; it is looked up each time because the machine's root may have been pivoted. */
static int root_before = NONE;

static int enter_root(const char *root) {
  root_before = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_before < 0) return -errno;
  return chroot(root) < 0 || chdir("/") < 0 ? -errno : 0;
}

static void leave_root(void) {
  if (root_before == NONE) return;
  if (fchdir(root_before) < 0 || chroot(".") < 0) _exit(70);
  close(root_before);
  root_before = NONE;
}

/* Goes into the process's mount namespace (pid 0: stays), then into `root` there ("": the namespace's). */
int enter_files(uint32_t pid, const char *root) {
  if (pid != 0) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) return -errno;
    int e = setns(fd, CLONE_NEWNS) < 0 ? -errno : 0;
    close(fd);
    if (e < 0) return e;
  }
  int e = root[0] == 0 ? 0 : enter_root(root);
  if (e < 0) leave_files(pid);
  return e;
}

void leave_files(uint32_t pid) {
  leave_root();
  /* Sets the root and the working directory, too: those of the namespace, which are ours. */
  if (pid != 0 && setns(own_mount, CLONE_NEWNS) < 0) _exit(70);
}
