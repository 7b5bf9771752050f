#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"

enum { TABLE_MAX = 1 << 20 };

/* The whole file as lines; NULL when there is none. A table larger than any honest one is cut. */
static char *read_table(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return NULL;
  struct stat st;
  char *text = NULL;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    size_t size = st.st_size > TABLE_MAX ? TABLE_MAX : (size_t)st.st_size;
    text = malloc(size + 1);
    ssize_t n = text == NULL ? -1 : read(fd, text, size);
    if (n >= 0) text[n] = 0;
    else free(text), text = NULL;
  }
  close(fd);
  return text;
}

/* Cuts the next line off and splits it at colons; fields that are not there are "". */
static bool next_entry(char **rest, char *fields[7]) {
  static char empty[1];
  while (*rest != NULL && **rest != 0) {
    char *line = *rest;
    char *end = strchr(line, '\n');
    *rest = end == NULL ? NULL : end + 1;
    if (end != NULL) *end = 0;
    if (line[0] == 0 || line[0] == '#') continue;
    for (int i = 0; i < 7; i++) {
      fields[i] = line == NULL ? empty : line;
      char *colon = line == NULL ? NULL : strchr(line, ':');
      if (colon != NULL) *colon = 0;
      line = colon == NULL ? NULL : colon + 1;
    }
    return true;
  }
  return false;
}

static bool is_number(const char *text, uint32_t *value) {
  if (text[0] == 0) return false;
  char *end;
  errno = 0;
  long long n = strtoll(text, &end, 10);
  if (*end != 0 || errno != 0 || n < 0 || n > INT32_MAX) return false;
  *value = (uint32_t)n;
  return true;
}

static int not_found(const char *what, const char *name, const char *table) {
  fail(S_user, ENOENT, "user", name);
  snprintf(failure.text, sizeof failure.text, "unable to find %s %s: no matching entries in %s file", what, name, table);
  return -ENOENT;
}

static bool is_member(const char *list, const char *name) {
  size_t length = strlen(name);
  for (const char *at = list; length > 0 && at != NULL; at = strchr(at, ',')) {
    if (*at == ',') at++;
    if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == 0)) return true;
  }
  return false;
}

static void add_group(struct user *user, gid_t gid) {
  if (user->count < (int)(sizeof user->groups / sizeof user->groups[0])) user->groups[user->count++] = gid;
}

/* Docker's rules (moby/sys/user GetExecUser): a name or number is matched with passwd; a number needs no entry; without
 * a group given, the groups that list the matched name are added. The primary group is always a supplementary one. */
int user_lookup(const char *spec, const char *const *extra, int extra_count, struct user *user) {
  char name[256], matched[256] = "";
  snprintf(name, sizeof name, "%s", spec);
  char *group = strchr(name, ':');
  if (group != NULL) *group++ = 0;
  bool has_group = group != NULL && group[0] != 0;
  if (name[0] == 0) strcpy(name, "0");

  *user = (struct user){.home = "/"};
  uint32_t number = 0;
  bool numeric = is_number(name, &number);
  bool found = false;
  char *fields[7];
  char *passwd = read_table("/etc/passwd");
  for (char *rest = passwd; !found && next_entry(&rest, fields);) {
    uint32_t uid, gid;
    if (!is_number(fields[2], &uid) || !is_number(fields[3], &gid)) continue;
    if (strcmp(fields[0], name) != 0 && !(numeric && uid == number)) continue;
    found = true;
    user->uid = uid;
    user->gid = gid;
    snprintf(matched, sizeof matched, "%s", fields[0]);
    snprintf(user->home, sizeof user->home, "%s", fields[5][0] == 0 ? "/" : fields[5]);
  }
  free(passwd);
  if (!found && !numeric) return not_found("user", name, "passwd");
  if (!found) user->uid = number;

  uint32_t group_number = 0;
  bool group_numeric = has_group && is_number(group, &group_number);
  if (has_group) user->gid = group_number;
  if ((!has_group && matched[0] == 0 && extra_count == 0) || (group_numeric && extra_count == 0)) {
    add_group(user, user->gid);
    return 0;
  }

  bool group_found = !has_group || group_numeric;
  bool extra_found[64] = {false};
  gid_t listed[64];
  int listed_count = 0;
  char *groups = read_table("/etc/group");
  for (char *rest = groups; next_entry(&rest, fields);) {
    uint32_t gid;
    if (!is_number(fields[2], &gid)) continue;
    if (has_group && !group_found && strcmp(fields[0], group) == 0) {
      group_found = true;
      user->gid = gid;
    }
    bool wanted = !has_group && is_member(fields[3], matched);
    for (int i = 0; i < extra_count && i < 64; i++) {
      if (strcmp(fields[0], extra[i]) == 0) wanted = extra_found[i] = true;
    }
    if (wanted && listed_count < 64) listed[listed_count++] = gid;
  }
  free(groups);
  if (!group_found) return not_found("group", group, "group");
  add_group(user, user->gid);
  for (int i = 0; i < listed_count; i++) add_group(user, listed[i]);
  for (int i = 0; i < extra_count && i < 64; i++) {
    uint32_t gid;
    if (extra_found[i]) continue;
    if (is_number(extra[i], &gid)) {
      add_group(user, gid);
      continue;
    }
    fail(S_user, ENOENT, "user", extra[i]);
    snprintf(failure.text, sizeof failure.text, "Unable to find group %s", extra[i]);
    return -ENOENT;
  }
  return 0;
}
