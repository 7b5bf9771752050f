import type { HoodReport } from "../../worker/protocol/index.ts";

let packets = 298;

export function hoodOf(container: string): HoodReport {
  packets += 3;
  return {
    container,
    pid: 412,
    processes: {
      source: {
        from: "/sys/fs/cgroup/docker/…/cgroup.procs · /proc/412/status (NSpid)",
        command: `docker top ${container}`,
      },
      tree: [
        { pid: 412, parent: 1, insidePid: 1, user: "root", command: "nginx: master process nginx -g daemon off;" },
        { pid: 440, parent: 412, insidePid: 29, user: "nginx", command: "nginx: worker process" },
      ],
    },
    namespaces: {
      source: { from: "/proc/412/ns/*", command: "sudo ls -l /proc/412/ns" },
      list: [
        { name: "pid", inode: 4026532284, sharing: "own", note: "1 is 412 outside" },
        { name: "net", inode: 4026532287, sharing: "own", note: "eth0 172.18.0.2" },
        { name: "mnt", inode: 4026532281, sharing: "own", note: "23 mounts" },
        { name: "uts", inode: 4026532282, sharing: "own", note: "3f9c1a7e42b0" },
        { name: "ipc", inode: 4026532283, sharing: "own", note: "" },
        { name: "cgroup", inode: 4026532285, sharing: "own", note: "" },
        { name: "user", inode: 4026531837, sharing: "host", note: "root is root" },
      ],
    },
    cgroup: {
      source: {
        from: "/sys/fs/cgroup/docker/3f9c1a7e42b0/*",
        command: "cat /sys/fs/cgroup/docker/3f9c1a7e42b0*/memory.current",
      },
      path: "/sys/fs/cgroup/docker/3f9c1a7e42b0",
      files: [
        { name: "memory.current", value: "4100000", limit: "67108864" },
        { name: "cpu.max", value: "50000 100000" },
        { name: "cpu.stat usage_usec", value: String(packets * 1000) },
        { name: "pids.current", value: "2", limit: "100" },
        { name: "memory.events oom_kill", value: "0" },
      ],
    },
    filesystem: {
      source: { from: "/proc/412/mountinfo", command: "sudo grep overlay /proc/412/mountinfo" },
      lower: [
        "/var/lib/docker/overlay2/l3/diff",
        "/var/lib/docker/overlay2/l2/diff",
        "/var/lib/docker/overlay2/l1/diff",
      ],
      upper: "/var/lib/docker/overlay2/3f9c1a7e42b0/diff",
      merged: "/var/lib/docker/overlay2/3f9c1a7e42b0/merged",
      changes: [
        { kind: "added", path: "/run/nginx.pid" },
        { kind: "added", path: "/var/cache/nginx/client_temp" },
        { kind: "changed", path: "/etc/nginx/conf.d/default.conf" },
        { kind: "removed", path: "/usr/share/nginx/html/50x.html" },
      ],
    },
    network: {
      source: {
        from: "netlink RTM_GETLINK, RTM_GETADDR · nf_tables ip nat DOCKER",
        command: "sudo iptables -t nat -S DOCKER",
      },
      interfaces: [
        {
          name: "eth0",
          addresses: ["172.18.0.2/16"],
          veth: "veth7f3a1c2",
          bridge: "br-2c1f0a9b8e7d",
          bridgeAddress: "172.18.0.1/16",
          network: "front",
          receivedPackets: packets + 14,
          sentPackets: packets,
        },
      ],
      rules: ["-A DOCKER ! -i br-2c1f0a9b8e7d -p tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80"],
      published: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }],
    },
    security: {
      source: {
        from: "/proc/412/status (CapEff, Seccomp, NoNewPrivs)",
        command: "grep -E 'Cap|Seccomp' /proc/412/status",
      },
      capabilities: [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FSETID",
        "CAP_FOWNER",
        "CAP_MKNOD",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
      ],
      dropped: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_MODULE"],
      seccomp: "filter",
      noNewPrivileges: false,
    },
  };
}
