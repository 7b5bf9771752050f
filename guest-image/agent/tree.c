#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent.h"

enum { DEPTH_MAX = 1000 };

/* The order of FileStat's `type`: file, directory, symlink, char, block, fifo, socket. */
uint8_t file_type(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return 1;
    case S_IFLNK: return 2;
    case S_IFCHR: return 3;
    case S_IFBLK: return 4;
    case S_IFIFO: return 5;
    case S_IFSOCK: return 6;
    default: return 0;
  }
}

int put_stat(struct buffer *b, const struct stat *st) {
  int e = put_u8(b, file_type(st->st_mode));
  if (e == 0) e = put_u16(b, st->st_mode & 07777);
  if (e == 0) e = put_u32(b, st->st_uid);
  if (e == 0) e = put_u32(b, st->st_gid);
  if (e == 0) e = put_u64(b, (uint64_t)st->st_size);
  if (e == 0) e = put_u64(b, (uint64_t)st->st_mtim.tv_sec);
  if (e == 0) e = put_u32(b, (uint32_t)st->st_mtim.tv_nsec);
  if (e == 0) e = put_u64(b, st->st_ino);
  if (e == 0) e = put_u32(b, (uint32_t)st->st_nlink);
  if (e == 0) e = put_u32(b, (uint32_t)st->st_dev);
  if (e == 0) e = put_u32(b, major(st->st_rdev));
  return e == 0 ? put_u32(b, minor(st->st_rdev)) : e;
}

static bool is_dots(const char *name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

/* A directory's entries; takes the descriptor over. */
static DIR *open_entries(int parent, const char *name) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return NULL;
  DIR *dir = fdopendir(fd);
  if (dir == NULL) close(fd);
  return dir;
}

static int remove_at(int parent, const char *name, dev_t device, int depth) {
  if (unlinkat(parent, name, 0) == 0) return 0;
  if (errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return -errno;
  struct stat st;
  if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  if (!S_ISDIR(st.st_mode)) return -EPERM;
  if (device != 0 && st.st_dev != device) return -EXDEV;
  if (depth > DEPTH_MAX) return -ELOOP;
  DIR *dir = open_entries(parent, name);
  if (dir == NULL) return -errno;
  int e = 0;
  for (struct dirent *entry; e == 0 && (entry = readdir(dir)) != NULL;) {
    if (!is_dots(entry->d_name)) e = remove_at(dirfd(dir), entry->d_name, st.st_dev, depth + 1);
  }
  closedir(dir);
  if (e == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT) e = -errno;
  return e;
}

int tree_remove(const char *path) { return remove_at(AT_FDCWD, path, 0, 0); }

/* ---- copy */

static int copy_xattrs(int from, int to) {
  char names[4096], value[4096];
  ssize_t length = flistxattr(from, names, sizeof names);
  if (length < 0) return errno == EOPNOTSUPP ? 0 : -errno;
  for (char *name = names; name < names + length; name += strlen(name) + 1) {
    ssize_t n = fgetxattr(from, name, value, sizeof value);
    if (n < 0) return -errno;
    if (fsetxattr(to, name, value, (size_t)n, 0) < 0 && errno != EOPNOTSUPP) return -errno;
  }
  return 0;
}

static int copy_content(int from, int to) {
  for (;;) {
    ssize_t n = sendfile(to, from, NULL, 1 << 20);
    if (n < 0 && errno != EINTR) return -errno;
    if (n == 0) return 0;
  }
}

static int copy_attributes(int to, const struct stat *st) {
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  /* The owner first: chown clears setuid. */
  if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0) return -errno;
  return futimens(to, times) < 0 ? -errno : 0;
}

static int copy_file(int from_parent, const char *from_name, int to_parent, const char *to_name,
                     const struct stat *st) {
  int from = openat(from_parent, from_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (from < 0) return -errno;
  int to = openat(to_parent, to_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  int e = to < 0 ? -errno : copy_content(from, to);
  if (e == 0) e = copy_xattrs(from, to);
  if (e == 0) e = copy_attributes(to, st);
  close(from);
  if (to >= 0) close(to);
  return e;
}

static int copy_special(int from_parent, const char *from_name, int to_parent, const char *to_name,
                        const struct stat *st) {
  unlinkat(to_parent, to_name, 0);
  if (S_ISLNK(st->st_mode)) {
    char target[4097];
    ssize_t n = readlinkat(from_parent, from_name, target, sizeof target - 1);
    if (n < 0) return -errno;
    target[n] = 0;
    if (symlinkat(target, to_parent, to_name) < 0) return -errno;
  } else if (mknodat(to_parent, to_name, st->st_mode, st->st_rdev) < 0) {
    return -errno;
  }
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  if (fchownat(to_parent, to_name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  return utimensat(to_parent, to_name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Hard links within the copied tree stay links: where an inode with several names was copied to first. */
struct copied {
  ino_t inode;
  char *path;
  struct copied *next;
};
struct copy {
  int to_root;
  dev_t device;
  struct copied *links;
};

static int copy_at(struct copy *copy, int from_parent, const char *from_name, int to_parent, const char *to_name,
                   const char *to_path, int depth);

static int copy_entries(struct copy *copy, DIR *from, int to, const char *to_path, int depth) {
  char *path = malloc(4096);
  if (path == NULL) return -ENOMEM;
  int e = 0;
  size_t length = strlen(to_path);
  for (struct dirent *entry; e == 0 && (entry = readdir(from)) != NULL;) {
    if (is_dots(entry->d_name)) continue;
    size_t name = strlen(entry->d_name);
    if (length + name + 2 > 4096) {
      e = -ENAMETOOLONG;
      break;
    }
    memcpy(path, to_path, length);
    if (length > 0) path[length] = '/';
    memcpy(path + length + (length > 0), entry->d_name, name + 1);
    e = copy_at(copy, dirfd(from), entry->d_name, to, entry->d_name, path, depth + 1);
  }
  free(path);
  return e;
}

static int copy_directory(struct copy *copy, int from_parent, const char *from_name, int to_parent,
                          const char *to_name, const char *to_path, const struct stat *st, int depth) {
  if (depth > DEPTH_MAX) return -ELOOP;
  if (mkdirat(to_parent, to_name, 0700) < 0 && errno != EEXIST) return -errno;
  int to = openat(to_parent, to_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth > 0 ? O_NOFOLLOW : 0));
  if (to < 0) return -errno;
  DIR *from = open_entries(from_parent, from_name);
  int e = from == NULL ? -errno : 0;
  if (depth == 0) copy->to_root = to;
  if (e == 0) e = copy_entries(copy, from, to, to_path, depth);
  if (e == 0) e = copy_xattrs(dirfd(from), to);
  if (e == 0) e = copy_attributes(to, st);
  if (from != NULL) closedir(from);
  close(to);
  return e;
}

static int copy_at(struct copy *copy, int from_parent, const char *from_name, int to_parent, const char *to_name,
                   const char *to_path, int depth) {
  struct stat st;
  if (fstatat(from_parent, from_name, &st, AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  if (S_ISSOCK(st.st_mode)) return 0;
  if (S_ISDIR(st.st_mode)) {
    /* A mount inside the tree stays an empty directory. */
    if (depth == 0) copy->device = st.st_dev;
    if (st.st_dev != copy->device) return mkdirat(to_parent, to_name, 0755) < 0 && errno != EEXIST ? -errno : 0;
    return copy_directory(copy, from_parent, from_name, to_parent, to_name, to_path, &st, depth);
  }
  bool linked = st.st_nlink > 1 && depth > 0;
  for (struct copied *c = copy->links; linked && c != NULL; c = c->next) {
    if (c->inode != st.st_ino) continue;
    unlinkat(to_parent, to_name, 0);
    return linkat(copy->to_root, c->path, to_parent, to_name, 0) < 0 ? -errno : 0;
  }
  int e = S_ISREG(st.st_mode) ? copy_file(from_parent, from_name, to_parent, to_name, &st)
                              : copy_special(from_parent, from_name, to_parent, to_name, &st);
  struct copied *c = e == 0 && linked ? malloc(sizeof *c) : NULL;
  if (c != NULL) {
    *c = (struct copied){st.st_ino, strdup(to_path), copy->links};
    copy->links = c;
  }
  return e;
}

int tree_copy(const char *from, const char *to) {
  struct copy copy = {.to_root = NONE};
  int e = copy_at(&copy, AT_FDCWD, from, AT_FDCWD, to, "", 0);
  for (struct copied *c = copy.links; c != NULL;) {
    struct copied *next = c->next;
    free(c->path);
    free(c);
    c = next;
  }
  return e;
}

/* ---- walk */

static bool wanted_xattr(const char *name) {
  return strncmp(name, "trusted.overlay.", 16) == 0 || strcmp(name, "security.capability") == 0 ||
         strncmp(name, "user.", 5) == 0;
}

/* There is no *at call for a symbolic link's or device's attributes; a path through /proc names any entry. */
static int put_xattrs(struct buffer *b, const char *path) {
  char names[4096], value[4096];
  size_t mark = b->length;
  uint32_t count = 0;
  int e = put_u32(b, 0);
  ssize_t length = llistxattr(path, names, sizeof names);
  for (char *name = names; e == 0 && length > 0 && name < names + length; name += strlen(name) + 1) {
    ssize_t n = wanted_xattr(name) ? lgetxattr(path, name, value, sizeof value) : -1;
    if (n < 0) continue;
    e = put_str(b, name);
    if (e == 0) e = put_data(b, value, (size_t)n);
    count++;
  }
  if (e == 0) memcpy(b->data + mark, &count, 4);
  return e;
}

struct walk {
  char path[4096]; /* the entry, from the walk's top on: what the calls use */
  size_t top;      /* length of the top's path */
  dev_t device;
  uint32_t count, limit;
  struct buffer *results;
};

static int put_entry(struct walk *w, const struct stat *st) {
  char target[4097] = "";
  if (S_ISLNK(st->st_mode)) {
    ssize_t n = readlink(w->path, target, sizeof target - 1);
    if (n < 0) return -errno;
    target[n] = 0;
  }
  const char *relative = w->path + w->top;
  if (*relative == '/') relative++;
  int e = put_stat(w->results, st);
  if (e == 0) e = put_str(w->results, relative);
  if (e == 0) e = put_str(w->results, target);
  return e == 0 ? put_xattrs(w->results, w->path) : e;
}

static int walk_entry(struct walk *w, size_t length, int depth) {
  struct stat st;
  if (lstat(w->path, &st) < 0) return errno == ENOENT && depth > 0 ? 0 : -errno;
  if (depth == 0) w->device = st.st_dev;
  if (w->count == w->limit) return 0;
  int e = put_entry(w, &st);
  if (e < 0) return e;
  w->count++;
  if (!S_ISDIR(st.st_mode) || st.st_dev != w->device) return 0;
  if (depth > DEPTH_MAX) return -ELOOP;
  DIR *dir = open_entries(AT_FDCWD, w->path);
  if (dir == NULL) return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
  for (struct dirent *entry; e == 0 && (entry = readdir(dir)) != NULL;) {
    if (is_dots(entry->d_name)) continue;
    size_t name = strlen(entry->d_name);
    if (length + name + 2 > sizeof w->path) {
      e = -ENAMETOOLONG;
      break;
    }
    w->path[length] = '/';
    memcpy(w->path + length + 1, entry->d_name, name + 1);
    e = walk_entry(w, length + 1 + name, depth + 1);
    w->path[length] = 0;
  }
  closedir(dir);
  return e;
}

int tree_walk(const char *path, uint32_t limit, struct buffer *results) {
  size_t length = strlen(path);
  while (length > 0 && path[length - 1] == '/') length--;
  struct walk w = {.top = length, .limit = limit, .results = results};
  if (length + 2 > sizeof w.path) return -ENAMETOOLONG;
  memcpy(w.path, path, length);
  if (length == 0) {
    /* The root itself: its entries are then "/./name". */
    memcpy(w.path, "/.", 2);
    w.top = 2;
  }
  int e = put_u8(results, R_tree);
  size_t mark = results->length;
  if (e == 0) e = put_u32(results, 0);
  if (e == 0) e = walk_entry(&w, w.top, 0);
  if (e == 0) memcpy(results->data + mark, &w.count, 4);
  return e;
}
