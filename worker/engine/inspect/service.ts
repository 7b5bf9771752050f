/** Looks at a running container in the kernel, in two round trips. Reads alone: nothing here changes anything. */
import {
  type KernelRule,
  listAddresses,
  listLinks,
  listRules,
  parseAddresses,
  parseLinks,
  parseRules,
  sequence,
} from "../netlink/index.ts";
import type { Guest, Op, OpResult } from "../ports/guest.ts";
import { type ContainerFacts, namespaceNames } from "./model.ts";
import { namespaceFacts, namespaceInodes } from "./namespaces.ts";
import { interfaceFacts, type NamespaceView, rulesFor } from "./network-path.ts";
import { cgroupFacts, cgroupFiles, cgroupProcesses, processFact, readMounts, textOf, userNames } from "./proc-files.ts";
import { securityFacts } from "./security.ts";
import type { Subject, Subjects } from "./subjects.ts";

/** More changed files than these are not sent to the page. */
const changesShown = 500;

export class KernelView {
  readonly #guest: Guest;
  readonly #subjects: Subjects;

  constructor(dependencies: { readonly guest: Guest; readonly subjects: Subjects }) {
    this.#guest = dependencies.guest;
    this.#subjects = dependencies.subjects;
  }

  async inspect(reference: string): Promise<ContainerFacts> {
    const subject = this.#subjects.find(reference);
    const others = this.#subjects.running().filter(({ id }) => id !== subject.id);
    const [seen, changes] = await Promise.all([this.#look(subject, others), this.#subjects.changes(subject.id)]);
    const { pid, cgroup } = subject;
    const tree = await this.#processes(seen.pids, userNames(seen.passwd));
    const mounts = readMounts(seen.mountinfo);
    const interfaces = interfaceFacts(seen.inside, seen.machine, this.#subjects.endpoints(subject.id));
    return {
      container: subject.name,
      pid,
      processes: {
        source: {
          from: `${cgroup}/cgroup.procs · /proc/PID/status (NSpid)`,
          command: `docker top ${subject.name}`,
        },
        tree,
      },
      namespaces: {
        source: { from: `/proc/${pid}/ns/*`, command: `sudo ls -l /proc/${pid}/ns` },
        list: namespaceFacts(seen.own, seen.host, seen.others, {
          pid: `1 is ${pid} outside`,
          net: interfaces
            .map(({ name, addresses }) => `${name} ${addresses[0]?.replace(/\/.*/, "") ?? ""}`.trim())
            .join(", "),
          mnt: `${mounts.count} mounts`,
          uts: subject.hostname,
          user: seen.own.user === seen.host.user ? "root is root" : seen.uidMap.trim().replace(/\s+/g, " "),
        }),
      },
      cgroup: {
        source: { from: `${cgroup}/*`, command: `cat ${cgroup}/memory.current` },
        path: cgroup,
        files: cgroupFacts((file) => seen.cgroup.get(file) ?? ""),
      },
      filesystem: {
        source: { from: `/proc/${pid}/mountinfo`, command: `sudo grep overlay /proc/${pid}/mountinfo` },
        lower: mounts.root?.lower ?? [],
        upper: mounts.root?.upper ?? "",
        merged: subject.merged,
        changes: changes
          .slice(0, changesShown)
          .map(({ Path, Kind }) => ({ kind: (["changed", "added", "removed"] as const)[Kind], path: Path })),
      },
      network: {
        source: {
          from: "netlink RTM_GETLINK, RTM_GETADDR · nf_tables ip nat",
          command: "sudo iptables -t nat -S -v",
        },
        interfaces,
        rules: rulesFor(seen.rules, interfaces),
        published: this.#subjects.ports(subject.id),
      },
      security: securityFacts(pid, seen.status),
    };
  }

  async #look(subject: Subject, others: readonly Subject[]) {
    const { pid, cgroup } = subject;
    const ops = new Batch();
    const namespaces = (of: number) => namespaceNames.map((name) => ops.link(`/proc/${of}/ns/${name}`));
    const [own, host] = [namespaces(pid), namespaces(1)];
    const shared = others.map((other) => ({ name: other.name, links: namespaces(other.pid) }));
    const files = {
      procs: ops.file(`${cgroup}/cgroup.procs`),
      status: ops.file(`/proc/${pid}/status`),
      mountinfo: ops.file(`/proc/${pid}/mountinfo`),
      uidMap: ops.file(`/proc/${pid}/uid_map`),
      passwd: ops.file(`/proc/${pid}/root/etc/passwd`),
    };
    const names = new Set(cgroupFiles.flatMap(({ file, limit }) => (limit === undefined ? [file] : [file, limit])));
    const cgroups = [...names].map((name) => ({ name, file: ops.file(`${cgroup}/${name}`) }));
    const view = (namespace?: string) => ({
      links: ops.netlink("route", listLinks(), namespace),
      addresses: ops.netlink("route", listAddresses(), namespace),
    });
    const [inside, machine] = [view(`/proc/${pid}/ns/net`), view()];
    const rules = ([4, 6] as const).map((family) => ops.netlink("netfilter", listRules(family, "nat")));
    const results = await this.#guest.batch(ops.ops);
    const read = (at: number): string => textOf(results[at]);
    const inodes = (links: readonly number[]) =>
      namespaceInodes(links.map((at) => (typeof results[at] === "string" ? results[at] : undefined)));
    const viewOf = (asked: { readonly links: number; readonly addresses: number }): NamespaceView => ({
      links: parseLinks(bytesOf(results[asked.links])),
      addresses: parseAddresses(bytesOf(results[asked.addresses])),
    });
    return {
      own: inodes(own),
      host: inodes(host),
      others: shared.map(({ name, links }) => ({ name, inodes: inodes(links) })),
      pids: cgroupProcesses(read(files.procs)),
      status: read(files.status),
      mountinfo: read(files.mountinfo),
      uidMap: read(files.uidMap),
      passwd: read(files.passwd),
      cgroup: new Map(cgroups.map(({ name, file }) => [name, read(file)])),
      inside: viewOf(inside),
      machine: viewOf(machine),
      rules: rules.flatMap((at): readonly KernelRule[] => parseRules(bytesOf(results[at]))),
    };
  }

  async #processes(pids: readonly number[], users: ReadonlyMap<number, string>) {
    const results = await this.#guest.batch(
      pids.flatMap((pid): Op[] => [
        { op: "read", path: `/proc/${pid}/status`, ignore: ["*"] },
        { op: "read", path: `/proc/${pid}/cmdline`, ignore: ["*"] },
      ]),
    );
    return pids.flatMap((pid, i) => processFact(pid, textOf(results[2 * i]), textOf(results[2 * i + 1]), users) ?? []);
  }
}

/** Collects operations; each answers the place of its result. What is gone meanwhile answers nothing. */
class Batch {
  readonly ops: Op[] = [];
  file(path: string): number {
    return this.ops.push({ op: "read", path, ignore: ["*"] }) - 1;
  }
  link(path: string): number {
    return this.ops.push({ op: "readlink", path, ignore: ["*"] }) - 1;
  }
  netlink(protocol: "route" | "netfilter", query: Uint8Array, namespace?: string): number {
    const where = namespace === undefined ? {} : { namespace };
    return this.ops.push({ op: "netlink", protocol, messages: sequence([query]), ignore: ["*"], ...where }) - 1;
  }
}

const bytesOf = (result: OpResult): Uint8Array => (result instanceof Uint8Array ? result : new Uint8Array());
