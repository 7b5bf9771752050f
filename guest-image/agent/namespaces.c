#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

int own_mount = NONE, own_network = NONE, own_pid = NONE, own_root = NONE;

void namespaces_open(void) {
  own_mount = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  own_network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  own_pid = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  own_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int enter_network(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int e = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
  close(fd);
  return e;
}

void leave_network(void) { setns(own_network, CLONE_NEWNET); }

/* Goes into the process's mount namespace (pid 0: stays), then into `root` there ("": the namespace's). */
int enter_files(uint32_t pid, const char *root) {
  if (pid != 0) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) return -errno;
    int e = setns(fd, CLONE_NEWNS) < 0 ? -errno : 0;
    close(fd);
    if (e < 0) return e;
  }
  if (root[0] == 0) return 0;
  if (chroot(root) < 0 || chdir("/") < 0) {
    int e = -errno;
    leave_files(pid, root);
    return e;
  }
  return 0;
}

void leave_files(uint32_t pid, const char *root) {
  if (pid != 0) {
    setns(own_mount, CLONE_NEWNS);
  }
  if (pid != 0 || root[0] != 0) {
    if (fchdir(own_root) == 0 && chroot(".") < 0) _exit(70);
  }
}
