#include <fcntl.h>
#include <dirent.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent.h"

enum { ARGUMENTS = 8, UNSET = -1 };

/* An operation's fields, decoded by its format: strings and data point into the frame. */
struct arguments {
  const char *s[ARGUMENTS];
  const uint8_t *d;
  uint32_t length;
  uint64_t n[ARGUMENTS];
};

static int checked(int result) { return result < 0 ? -errno : 0; }

static int set_owner(const char *path, uint64_t uid, uint64_t gid) {
  if ((uint32_t)uid == (uint32_t)UNSET && (uint32_t)gid == (uint32_t)UNSET) return 0;
  return checked(lchown(path, (uid_t)uid, (gid_t)gid));
}

static int make_parents(const char *path, mode_t mode) {
  char part[4096];
  size_t length = strlen(path);
  if (length >= sizeof part) return -ENAMETOOLONG;
  memcpy(part, path, length + 1);
  for (char *at = part + 1; (at = strchr(at, '/')) != NULL; at++) {
    *at = 0;
    if (mkdir(part, mode) < 0 && errno != EEXIST) return -errno;
    *at = '/';
  }
  return 0;
}

static int op_mkdir(const struct arguments *a, struct buffer *results) {
  (void)results;
  const char *path = a->s[0];
  mode_t mode = (mode_t)a->n[1];
  if (mkdir(path, mode) < 0) {
    if (a->n[4] == 0 || (errno != ENOENT && errno != EEXIST)) return -errno;
    if (errno == EEXIST) {
      struct stat st;
      if (stat(path, &st) < 0) return -errno;
      return S_ISDIR(st.st_mode) ? 0 : -EEXIST;
    }
    int e = make_parents(path, 0755);
    if (e < 0) return e;
    if (mkdir(path, mode) < 0) return errno == EEXIST ? 0 : -errno;
  }
  return set_owner(path, a->n[2], a->n[3]);
}

static int write_all(int fd, const uint8_t *data, size_t length) {
  /* Control files of cgroups and sysctls take their value in one write, an empty one included. */
  do {
    ssize_t n = write(fd, data, length);
    if (n < 0 && errno != EINTR) return -errno;
    if (n > 0) {
      data += n;
      length -= (size_t)n;
    }
  } while (length > 0);
  return 0;
}

static int op_write(const struct arguments *a, struct buffer *results) {
  (void)results;
  bool append = a->n[5] & 1, existing = a->n[5] & 2;
  int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  flags |= existing ? 0 : O_CREAT;
  flags |= append ? O_APPEND : existing ? 0 : O_TRUNC;
  int fd = open(a->s[0], flags, (mode_t)a->n[2]);
  if (fd < 0) return -errno;
  int e = 0;
  if (a->length > 0 || existing) e = write_all(fd, a->d, a->length);
  if (e == 0 && ((uint32_t)a->n[3] != (uint32_t)UNSET || (uint32_t)a->n[4] != (uint32_t)UNSET)) {
    e = checked(fchown(fd, (uid_t)a->n[3], (gid_t)a->n[4]));
  }
  /* For a file that was there before; and a change of owner clears setuid. */
  if (e == 0 && a->n[5] & 4) e = checked(fchmod(fd, (mode_t)a->n[2]));
  close(fd);
  return e;
}

static int op_read(const struct arguments *a, struct buffer *results) {
  int fd = open(a->s[0], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return -errno;
  int e = a->n[1] == 0 ? 0 : checked(lseek(fd, (off_t)a->n[1], SEEK_SET) < 0 ? -1 : 0);
  if (e == 0) e = put_u8(results, R_bytes);
  size_t mark = results->length;
  if (e == 0) e = put_u32(results, 0);
  uint32_t total = 0, limit = (uint32_t)a->n[2];
  while (e == 0 && total < limit) {
    size_t want = limit - total < 16384 ? limit - total : 16384;
    uint8_t *room = buffer_room(results, want);
    if (room == NULL) {
      e = -EMSGSIZE;
      break;
    }
    ssize_t n = read(fd, room, want);
    if (n < 0 && errno != EAGAIN) e = -errno;
    if (n <= 0) break;
    results->length += (size_t)n;
    total += (uint32_t)n;
  }
  if (e == 0) memcpy(results->data + mark, &total, 4);
  close(fd);
  return e;
}

static int op_list(const struct arguments *a, struct buffer *results) {
  DIR *dir = opendir(a->s[0]);
  if (dir == NULL) return -errno;
  int e = put_u8(results, R_entries);
  size_t mark = results->length;
  if (e == 0) e = put_u32(results, 0);
  uint32_t count = 0;
  for (struct dirent *entry; e == 0 && (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    mode_t mode = DTTOIF(entry->d_type);
    struct stat st;
    if (mode == 0 && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) mode = st.st_mode;
    e = put_u8(results, file_type(mode));
    if (e == 0) e = put_str(results, entry->d_name);
    count++;
  }
  closedir(dir);
  if (e == 0) memcpy(results->data + mark, &count, 4);
  return e;
}

static int op_walk(const struct arguments *a, struct buffer *results) {
  return tree_walk(a->s[0], (uint32_t)a->n[1], results);
}

static int op_stat(const struct arguments *a, struct buffer *results) {
  struct stat st;
  if (fstatat(AT_FDCWD, a->s[0], &st, a->n[1] ? 0 : AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  int e = put_u8(results, R_stat);
  return e == 0 ? put_stat(results, &st) : e;
}

static int op_statfs(const struct arguments *a, struct buffer *results) {
  struct statvfs st;
  if (statvfs(a->s[0], &st) < 0) return -errno;
  int e = put_u8(results, R_statfs);
  if (e == 0) e = put_u32(results, (uint32_t)st.f_frsize);
  if (e == 0) e = put_u64(results, st.f_blocks);
  if (e == 0) e = put_u64(results, st.f_bfree);
  if (e == 0) e = put_u64(results, st.f_files);
  return e == 0 ? put_u64(results, st.f_ffree) : e;
}

#define SIMPLE(name, call)                                                       \
  static int op_##name(const struct arguments *a, struct buffer *results) {      \
    (void)results;                                                               \
    (void)a;                                                                     \
    return checked(call);                                                        \
  }
SIMPLE(unlink, unlink(a->s[0]))
SIMPLE(rmdir, rmdir(a->s[0]))
SIMPLE(rename, rename(a->s[0], a->s[1]))
SIMPLE(link, linkat(AT_FDCWD, a->s[1], AT_FDCWD, a->s[0], 0))
SIMPLE(chmod, chmod(a->s[0], (mode_t)a->n[1]))
SIMPLE(chown, fchownat(AT_FDCWD, a->s[0], (uid_t)a->n[1], (gid_t)a->n[2], a->n[3] ? 0 : AT_SYMLINK_NOFOLLOW))
SIMPLE(truncate, truncate(a->s[0], (off_t)a->n[1]))
SIMPLE(setxattr, lsetxattr(a->s[0], a->s[1], a->d, a->length, 0))
SIMPLE(umount, umount2(a->s[0], a->n[1] ? MNT_DETACH : 0))
SIMPLE(chdir, chdir(a->s[0]))
SIMPLE(setHostname, sethostname(a->s[0], strlen(a->s[0])))
SIMPLE(setDomainname, setdomainname(a->s[0], strlen(a->s[0])))
SIMPLE(kill, kill((pid_t)a->n[0], (int)a->n[1]))

static int op_removeTree(const struct arguments *a, struct buffer *results) {
  (void)results;
  return tree_remove(a->s[0]);
}

static int op_symlink(const struct arguments *a, struct buffer *results) {
  (void)results;
  if (symlink(a->s[1], a->s[0]) < 0) return -errno;
  return set_owner(a->s[0], a->n[2], a->n[3]);
}

static int op_readlink(const struct arguments *a, struct buffer *results) {
  char target[4097];
  ssize_t n = readlink(a->s[0], target, sizeof target - 1);
  if (n < 0) return -errno;
  target[n] = 0;
  int e = put_u8(results, R_text);
  return e == 0 ? put_str(results, target) : e;
}

static int op_utimes(const struct arguments *a, struct buffer *results) {
  (void)results;
  struct timespec times[2] = {{.tv_sec = (time_t)a->n[1], .tv_nsec = (long)a->n[2]}};
  times[1] = times[0];
  return checked(utimensat(AT_FDCWD, a->s[0], times, a->n[3] ? 0 : AT_SYMLINK_NOFOLLOW));
}

static int op_mknod(const struct arguments *a, struct buffer *results) {
  (void)results;
  dev_t device = makedev((unsigned)a->n[2], (unsigned)a->n[3]);
  if (mknod(a->s[0], (mode_t)a->n[1], device) < 0) return -errno;
  return set_owner(a->s[0], a->n[4], a->n[5]);
}

static int op_copyTree(const struct arguments *a, struct buffer *results) {
  (void)results;
  return tree_copy(a->s[1], a->s[0]);
}

static int op_mount(const struct arguments *a, struct buffer *results) {
  (void)results;
  const char *type = a->s[2][0] == 0 ? NULL : a->s[2];
  const char *data = a->s[4][0] == 0 ? NULL : a->s[4];
  return checked(mount(a->s[1], a->s[0], type, (unsigned long)a->n[3], data));
}

/* As runc does it: the old root is stacked on the new one and detached, no directory for it is needed. */
static int op_pivotRoot(const struct arguments *a, struct buffer *results) {
  (void)results;
  if (chdir(a->s[0]) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0) return -errno;
  return checked(chdir("/"));
}

static int op_createNetworkNamespace(const struct arguments *a, struct buffer *results) {
  (void)results;
  return network_namespace_create(a->s[0]);
}

static int op_netlink(const struct arguments *a, struct buffer *results) {
  return netlink_exchange(a->s[0], (uint32_t)a->n[1], a->d, a->length, results);
}

static int op_addPartition(const struct arguments *a, struct buffer *results) {
  (void)results;
  return partition_add(a->s[0], (uint32_t)a->n[1], a->n[2], a->n[3]);
}

static int op_removePartition(const struct arguments *a, struct buffer *results) {
  (void)results;
  return partition_remove(a->s[0], (uint32_t)a->n[1]);
}

static int op_attachDeviceProgram(const struct arguments *a, struct buffer *results) {
  (void)results;
  return device_program_attach(a->s[0], a->d, a->length);
}

static int op_sync(const struct arguments *a, struct buffer *results) {
  (void)a;
  (void)results;
  sync();
  return 0;
}

static const struct operation {
  const char *name;
  const char *fields;
  int (*run)(const struct arguments *a, struct buffer *results);
} operations[] = {
#define OP(name, number, fields) [number] = {#name, fields, op_##name},
#include "protocol.def"
#undef OP
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static void read_arguments(struct reader *r, const char *fields, struct arguments *a) {
  for (int i = 0; fields[i] != 0; i++) {
    switch (fields[i]) {
      case 's': a->s[i] = read_str(r); break;
      case 'd': a->d = read_data(r, &a->length); break;
      case 'b': a->n[i] = read_u8(r); break;
      case 'u': a->n[i] = read_u32(r); break;
      case 'q': a->n[i] = read_u64(r); break;
      default: r->bad = true;
    }
  }
}

/* A mount's target is found inside `root` and then named by its descriptor; its source stays outside. */
static int mount_in_root(const char *root, struct arguments *a, struct buffer *results) {
  int base = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return -errno;
  struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
  int target = (int)syscall(SYS_openat2, base, a->s[0], &how, sizeof how);
  int e = target < 0 ? -errno : 0;
  close(base);
  if (e < 0) return e;
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", target);
  a->s[0] = path;
  e = op_mount(a, results);
  close(target);
  return e;
}

static int run_in_root(const char *root, const struct operation *operation, struct arguments *a,
                       struct buffer *results) {
  if (operation->run == op_mount) return mount_in_root(root, a, results);
  int back = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (back < 0) return -errno;
  int e = checked(chroot(root));
  if (e == 0) {
    e = operation->run(a, results);
    if (fchdir(back) < 0 || chroot(".") < 0) e = -errno;
  }
  close(back);
  return e;
}

static bool ignored(const uint8_t *list, int count, int error) {
  for (int i = 0; i < count; i++) {
    uint16_t entry;
    memcpy(&entry, list + 2 * i, 2);
    if (entry == error || entry == UINT16_MAX) return true;
  }
  return false;
}

int run_ops(struct reader *r, int count, enum stage stage, struct buffer *results) {
  for (int index = 0; index < count; index++) {
    uint8_t kind = read_u8(r);
    int ignore_count = read_u8(r);
    const uint8_t *ignore = r->at;
    for (int i = 0; i < ignore_count; i++) read_u16(r);
    const char *root = read_str(r);
    const struct operation *operation = kind < OPERATIONS ? &operations[kind] : &operations[0];
    struct arguments a = {0};
    size_t mark = results->length;
    int e;
    if (operation->run == NULL) {
      e = fail(stage, ENOSYS, "operation", NULL);
    } else {
      read_arguments(r, operation->fields, &a);
      if (r->bad) {
        e = fail(stage, EBADMSG, operation->name, NULL);
        failure.index = index;
        return e;
      }
      const char *shown = a.s[0];
#ifdef FUZZING
      e = root[0] == 0 ? 0 : -ENOSYS;
#else
      e = root[0] == 0 ? operation->run(&a, results) : run_in_root(root, operation, &a, results);
#endif
      if (e < 0) {
        if (ignored(ignore, ignore_count, -e)) {
          e = 0;
          results->length = mark;
        } else {
          fail(stage, e, operation->name, shown);
        }
      }
    }
    if (e < 0) {
      failure.index = index;
      return e;
    }
    if (results->length == mark && put_u8(results, R_none) < 0) return fail(stage, ENOMEM, operation->name, NULL);
  }
  return 0;
}

int file_open(uint32_t pid, const char *root, const char *path, struct reader *r, bool writing) {
  uint64_t offset = writing ? 0 : read_u64(r);
  uint32_t mode = writing ? read_u32(r) : 0, uid = writing ? read_u32(r) : 0, gid = writing ? read_u32(r) : 0;
  if (r->bad) return -EBADMSG;
  int e = enter_files(pid, root);
  if (e < 0) return e;
  int flags = (writing ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  int fd = open(path, flags, (mode_t)mode);
  e = fd < 0 ? -errno : 0;
  leave_files(pid);
  if (e == 0 && offset > 0 && lseek(fd, (off_t)offset, SEEK_SET) < 0) e = -errno;
  if (e == 0 && writing && (uid != (uint32_t)UNSET || gid != (uint32_t)UNSET)) e = checked(fchown(fd, uid, gid));
  if (e == 0) return fd;
  if (fd >= 0) close(fd);
  return e;
}
