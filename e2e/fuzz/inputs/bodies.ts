/** Bodies of requests near the real ones: the fields that the Engine API names, with values of any kind. */
import * as fc from "fast-check";
import { json, shaped, value, word } from "./values.ts";

const split = (text: string): readonly string[] => text.trim().split(/\s+/);

const nested = shaped(
  split(`Type Source Target ReadOnly BindOptions VolumeOptions TmpfsOptions ImageOptions Subpath NoCopy SizeBytes Propagation DriverConfig
    Subnet IPRange Gateway AuxiliaryAddresses PathOnHost PathInContainer CgroupPermissions HostPort HostIp Name Soft Hard Driver Count
    DeviceIDs Capabilities Options Config MaximumRetryCount Path Rate Weight Test Interval Timeout Retries StartPeriod`),
  fc.oneof(value, fc.array(shaped(["Subnet", "Gateway", "IPRange", "AuxiliaryAddresses"]), { maxLength: 2 })),
);

export const hostConfig = shaped(
  split(`Binds Mounts PortBindings PublishAllPorts Memory MemorySwap MemoryReservation MemorySwappiness KernelMemory RestartPolicy Ulimits
    Devices DeviceCgroupRules NetworkMode CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts Links LogConfig PidMode IpcMode UsernsMode
    ShmSize Sysctls Tmpfs VolumesFrom GroupAdd SecurityOpt NanoCpus CpuShares CpuPeriod CpuQuota CpusetCpus CpusetMems BlkioWeight
    BlkioDeviceReadBps PidsLimit Runtime OomScoreAdj OomKillDisable AutoRemove ReadonlyRootfs Annotations DeviceRequests CgroupnsMode Cgroup
    CgroupParent StorageOpt UTSMode Init Isolation Privileged VolumeDriver MaskedPaths ReadonlyPaths ConsoleSize ContainerIDFile`),
  fc.oneof(
    value,
    fc.array(nested, { maxLength: 2 }),
    nested,
    fc.dictionary(word, fc.array(nested, { maxLength: 2 }), { maxKeys: 2 }),
  ),
);

const networking = shaped(
  ["EndpointsConfig"],
  fc.dictionary(
    word,
    shaped(
      split(
        "IPAMConfig Links Aliases NetworkID EndpointID Gateway IPAddress MacAddress DriverOpts GwPriority DNSNames",
      ),
    ),
    { maxKeys: 2 },
  ),
);

const fields =
  split(`Image Cmd Env Labels Healthcheck Entrypoint User WorkingDir ExposedPorts Volumes Tty OpenStdin StdinOnce
  StopSignal StopTimeout Hostname Domainname MacAddress NetworkDisabled OnBuild Shell ArgsEscaped Name Driver IPAM Options Internal EnableIPv6
  EnableIPv4 ConfigFrom ConfigOnly DriverOpts Ingress Container EndpointConfig Force AttachStdout AttachStdin AttachStderr Detach DetachKeys
  Privileged Memory RestartPolicy Config ContainerConfig username password serveraddress identitytoken Platform Scope Attachable CheckDuplicate
  ClusterVolumeSpec Data Spec Version AdvertiseAddr ListenAddr JoinToken RemoteAddrs TaskTemplate Mode Role Availability`);

const requestFields = shaped(fields, fc.oneof(value, nested, fc.array(nested, { maxLength: 2 }), hostConfig));

/** What may make a container that starts. */
export const containerBodies = fc
  .tuple(
    hostConfig,
    shaped(fields, value, 3),
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: networking }),
  )
  .map(([HostConfig, rest, NetworkingConfig]) => ({
    Image: "busybox",
    Cmd: ["true"],
    ...rest,
    HostConfig,
    ...(NetworkingConfig === undefined ? {} : { NetworkingConfig }),
  }));

export const bodies: fc.Arbitrary<unknown> = fc.oneof(
  json,
  { weight: 3, arbitrary: requestFields },
  { weight: 2, arbitrary: containerBodies },
);
