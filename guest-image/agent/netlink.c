#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"

enum { RECEIVE = 64 << 10, ROOM_FOR_ANSWERS = 4 << 20 };

static int open_socket(const char *namespace, uint32_t protocol) {
  bool elsewhere = namespace[0] != 0;
  int e = elsewhere ? enter_network(namespace) : 0;
  if (e < 0) return e;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, (int)protocol);
  e = fd < 0 ? -errno : fd;
  if (elsewhere) leave_network();
  return e;
}

/* The error of the first refused message, 0 if there is none. */
static int first_error(const uint8_t *at, size_t length) {
  while (length >= sizeof(struct nlmsghdr)) {
    struct nlmsghdr header;
    memcpy(&header, at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length) return 0;
    int error = 0;
    if (header.nlmsg_type == NLMSG_ERROR && header.nlmsg_len >= NLMSG_LENGTH(sizeof error)) {
      memcpy(&error, at + NLMSG_HDRLEN, sizeof error);
    }
    if (error < 0) return error;
    size_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step >= length) return 0;
    at += step;
    length -= step;
  }
  return 0;
}

/* The kernel handles a request while it is sent, and makes the next part of a dump while one is received: when nothing
 * is there to receive, everything has been answered. */
int netlink_exchange(const char *namespace, uint32_t protocol, const uint8_t *messages, uint32_t length,
                     struct buffer *results) {
  int fd = open_socket(namespace, protocol);
  if (fd < 0) return fd;
  int room = ROOM_FOR_ANSWERS;
  if (length > 4096) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (length > 65536) setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  int e = sendto(fd, messages, length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0 ? -errno : 0;
  if (e == 0) e = put_u8(results, R_bytes);
  size_t mark = results->length;
  if (e == 0) e = put_u32(results, 0);
  int refused = 0;
  while (e == 0) {
    uint8_t *at = buffer_room(results, RECEIVE);
    ssize_t n = at == NULL ? -1 : recv(fd, at, RECEIVE, MSG_DONTWAIT);
    if (at == NULL) e = -EMSGSIZE;
    else if (n < 0 && errno != EAGAIN && errno != EINTR) e = -errno;
    if (n <= 0) break;
    if (refused == 0) refused = first_error(at, (size_t)n);
    results->length += (size_t)n;
  }
  close(fd);
  if (e == 0) {
    uint32_t total = (uint32_t)(results->length - mark - 4);
    memcpy(results->data + mark, &total, 4);
    e = refused;
  }
  return e;
}

static int loopback_up(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int e = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
  close(fd);
  return e;
}

/* Also used for the machine's own loopback: an empty path makes no namespace. */
int network_namespace_create(const char *path) {
  if (path[0] == 0) return loopback_up();
  int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0) return -errno;
  close(fd);
  if (unshare(CLONE_NEWNET) < 0) {
    int e = -errno;
    unlink(path);
    return e;
  }
  int e = loopback_up();
  if (e == 0 && mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) < 0) e = -errno;
  leave_network();
  if (e < 0) unlink(path);
  return e;
}
