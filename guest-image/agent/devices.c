#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/bpf.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

static int partition_request(const char *device, int operation, struct blkpg_partition *partition) {
  int fd = open(device, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct blkpg_ioctl_arg request = {.op = operation, .datalen = sizeof *partition, .data = partition};
  int e = ioctl(fd, BLKPG, &request) < 0 ? -errno : 0;
  close(fd);
  return e;
}

int partition_add(const char *device, uint32_t number, uint64_t start, uint64_t length) {
  struct blkpg_partition partition = {.start = (long long)start, .length = (long long)length, .pno = (int)number};
  return partition_request(device, BLKPG_ADD_PARTITION, &partition);
}

int partition_remove(const char *device, uint32_t number) {
  struct blkpg_partition partition = {.pno = (int)number};
  return partition_request(device, BLKPG_DEL_PARTITION, &partition);
}

int device_program_attach(const char *cgroup, const uint8_t *program, uint32_t length) {
  if (length == 0 || length % sizeof(struct bpf_insn) != 0) return -EINVAL;
  int target = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) return -errno;
  union bpf_attr load = {
      .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
      .insn_cnt = length / sizeof(struct bpf_insn),
      .insns = (uintptr_t)program,
      .license = (uintptr_t) "Apache",
  };
  int loaded = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  int e = loaded < 0 ? -errno : 0;
  if (e == 0) {
    union bpf_attr attach = {
        .target_fd = (uint32_t)target,
        .attach_bpf_fd = (uint32_t)loaded,
        .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI,
    };
    if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) < 0) e = -errno;
    close(loaded);
  }
  close(target);
  return e;
}
