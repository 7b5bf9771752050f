/* Starting a process: what the host asked for (pointing into its frame), and the child that does it. */
#ifndef START_H
#define START_H

#include "agent.h"

enum stdio_kind { STDIO_NULL, STDIO_PIPES, STDIO_PIPES_INPUT, STDIO_TERMINAL, STDIO_TERMINAL_INSIDE };
enum { JOINS = 8, RLIMITS = 16, GROUPS = 32 };

struct join {
  uint32_t pid, flags;
  int fd; /* of the process, opened by the agent: the child may be where the number means another one */
};
struct join_path {
  uint32_t flag;
  const char *path;
};
struct limit {
  uint8_t resource;
  uint64_t soft, hard;
};
struct start {
  uint8_t stdio;
  uint16_t rows, columns;
  uint32_t unshare;
  int join_count, path_count, group_count, limit_count;
  struct join joins[JOINS];
  struct join_path paths[JOINS];
  const char *cgroup, *uid_map, *gid_map, *user, *cwd;
  const char *groups[GROUPS];
  char **args, **env; /* NULL-terminated; the last but one slot of env is free for HOME */
  int env_count;
  bool has_capabilities, no_new_privileges, new_session;
  uint64_t bounding, effective, permitted, inheritable, ambient;
  int32_t oom_score;
  uint32_t umask;
  struct limit limits[RLIMITS];
  const uint8_t *seccomp;
  uint32_t seccomp_length;
  int prepare_count, setup_count;
  struct reader prepare, setup;

  /* What the agent hands to the child. */
  int fds[3];    /* its standard descriptors; -1: from the terminal inside */
  int terminal;  /* socket to send the inner terminal's master to */
  int go;        /* pipe to wait on until the user namespace is mapped; -1 without one */
};

/* Reads the frame; the operations are left where they are. Answers 0 or -EBADMSG, -E2BIG, -ENOMEM. */
int start_read(struct start *start, struct reader *r);
void start_free(struct start *start);
/* The child's way from clone to exec. Answers only with an error, `failure` set. */
int start_child(struct start *start);

#endif
