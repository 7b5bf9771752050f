/* The `docker` command of the machine: hands its arguments and its own descriptors to the agent, and waits. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "calls.h"

extern char **environ;
static int agent = -1;

static int complain(const char *what) {
  const char *reason = strerror(errno);
  if (errno == EACCES) {
    what = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock";
  }
  dprintf(2, "%s: %s\n", what, reason);
  return 1;
}

static void forward(int signal) {
  int error = errno;
  uint8_t byte = (uint8_t)signal;
  if (send(agent, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) errno = error;
  errno = error;
}

static size_t size_of(char *const *list, uint32_t *count) {
  size_t size = 0;
  for (*count = 0; list[*count] != NULL; ++*count) size += strlen(list[*count]) + 1;
  return size;
}

static char *append(char *at, const char *text) {
  size_t length = strlen(text) + 1;
  memcpy(at, text, length);
  return at + length;
}

static int send_all(const char *data, size_t length) {
  int fds[3] = {0, 1, 2};
  char control[CMSG_SPACE(sizeof fds)] = {0};
  struct iovec piece = {(void *)(uintptr_t)data, length};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(header), fds, sizeof fds);
  ssize_t n = sendmsg(agent, &message, MSG_NOSIGNAL);
  for (size_t done = n < 0 ? 0 : (size_t)n; n >= 0 && done < length; done += (size_t)n) {
    n = send(agent, data + done, length - done, MSG_NOSIGNAL);
  }
  return n < 0 ? -1 : 0;
}

static int call(char **argv) {
  char *slash = strrchr(argv[0], '/');
  const char *program = slash == NULL ? argv[0] : slash + 1;
  static char cwd[4096];
  if (getcwd(cwd, sizeof cwd) == NULL) strcpy(cwd, "/");
  uint32_t counts[2];
  size_t arguments = size_of(argv + 1, &counts[0]), variables = size_of(environ, &counts[1]);
  size_t length = strlen(program) + 1 + strlen(cwd) + 1 + sizeof counts + arguments + variables;
  if (length > CALL_MAX) {
    errno = E2BIG;
    return -1;
  }
  char *request = malloc(4 + length);
  if (request == NULL) return -1;
  uint32_t prefix = (uint32_t)length;
  memcpy(request, &prefix, 4);
  char *at = append(append(request + 4, program), cwd);
  memcpy(at, counts, sizeof counts);
  at += sizeof counts;
  for (uint32_t i = 0; i < counts[0]; i++) at = append(at, argv[1 + i]);
  for (uint32_t i = 0; i < counts[1]; i++) at = append(at, environ[i]);
  int e = send_all(request, 4 + length);
  free(request);
  return e;
}

static void forward_signals(void) {
  const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH, SIGUSR1, SIGUSR2, SIGALRM};
  struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
  for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++) sigaction(forwarded[i], &action, NULL);
}

int main(int argc, char **argv) {
  if (argc < 1) return 1;
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = CALLS_SOCKET};
  const char *other = getenv("DRYDOCK_SOCKET");
  if (other != NULL) snprintf(address.sun_path, sizeof address.sun_path, "%s", other);
  /* The agent may be asked to hold descriptors 0 to 2: all of them must exist. */
  agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (agent < 0 || connect(agent, (struct sockaddr *)&address, sizeof address) < 0) {
    return complain("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?");
  }
  forward_signals();
  if (call(argv) < 0) return complain("docker");
  uint32_t code = 1;
  ssize_t n;
  do n = recv(agent, &code, sizeof code, MSG_WAITALL);
  while (n < 0 && errno == EINTR);
  if (n == sizeof code) return (int)code;
  dprintf(2, "error during connect: the machine was restored or restarted while the command ran\n");
  return 1;
}
