#include <stdlib.h>

#include "start.h"

/* An array of the frame's own strings, with `spare` more slots and a NULL. */
static char **read_strings(struct reader *r, int count, int spare) {
  if (r->end - r->at < count * 3) r->bad = true; /* a length and a NUL each: nothing is allocated for less */
  if (r->bad) return NULL;
  char **list = calloc((size_t)(count + spare) + 1, sizeof *list);
  for (int i = 0; list != NULL && i < count; i++) list[i] = (char *)(uintptr_t)read_str(r);
  return list;
}

int start_read(struct start *start, struct reader *r) {
  *start = (struct start){.fds = {NONE, NONE, NONE}, .terminal = NONE, .go = NONE};
  start->stdio = read_u8(r);
  start->rows = read_u16(r);
  start->columns = read_u16(r);
  start->unshare = read_u32(r);
  start->join_count = read_u8(r);
  if (start->join_count > JOINS) return -E2BIG;
  for (int i = 0; i < start->join_count; i++) {
    start->joins[i].pid = read_u32(r);
    start->joins[i].flags = read_u32(r);
    start->joins[i].fd = NONE;
  }
  start->path_count = read_u8(r);
  if (start->path_count > JOINS) return -E2BIG;
  for (int i = 0; i < start->path_count; i++) {
    start->paths[i].flag = read_u32(r);
    start->paths[i].path = read_str(r);
  }
  start->cgroup = read_str(r);
  start->uid_map = read_str(r);
  start->gid_map = read_str(r);
  start->user = read_str(r);
  start->group_count = read_u8(r);
  if (start->group_count > GROUPS) return -E2BIG;
  for (int i = 0; i < start->group_count; i++) start->groups[i] = read_str(r);
  start->cwd = read_str(r);
  start->args = read_strings(r, read_u16(r), 0);
  start->env_count = read_u16(r);
  start->env = read_strings(r, start->env_count, 1);
  uint8_t flags = read_u8(r);
  start->has_capabilities = flags & 1;
  start->no_new_privileges = flags & 2;
  start->new_session = flags & 4;
  start->bounding = read_u64(r);
  start->effective = read_u64(r);
  start->permitted = read_u64(r);
  start->inheritable = read_u64(r);
  start->ambient = read_u64(r);
  start->oom_score = (int32_t)read_u32(r);
  start->umask = read_u32(r);
  start->limit_count = read_u8(r);
  if (start->limit_count > RLIMITS) return -E2BIG;
  for (int i = 0; i < start->limit_count; i++) {
    start->limits[i].resource = read_u8(r);
    start->limits[i].soft = read_u64(r);
    start->limits[i].hard = read_u64(r);
  }
  start->seccomp = read_data(r, &start->seccomp_length);
  start->prepare_count = read_u16(r);
  start->setup_count = read_u16(r);
  uint32_t length;
  const uint8_t *prepare = read_data(r, &length);
  start->prepare = (struct reader){prepare, prepare == NULL ? NULL : prepare + length, prepare == NULL};
  const uint8_t *setup = read_data(r, &length);
  start->setup = (struct reader){setup, setup == NULL ? NULL : setup + length, setup == NULL};
  if (r->bad || start->args == NULL || start->env == NULL || start->args[0] == NULL) return -EBADMSG;
  return 0;
}

void start_free(struct start *start) {
  free(start->args);
  free(start->env);
}
