/**
 * The runtime: from a container's description to the one frame that makes the guest start it. Pure functions; it knows the
 * kernel's vocabulary and runc's order of things, and nothing of images, names or the Engine API.
 *
 * What always holds: a container's mounts exist in its own mount namespace alone; paths inside its root are resolved inside it;
 * a privileged container differs from another in capabilities, devices, seccomp and read-only mounts, nothing else.
 */
export * from "./capabilities.ts";
export * from "./cgroup.ts";
export * from "./description.ts";
export * from "./device-program.ts";
export * from "./process.ts";
export * from "./root-file-system.ts";
export * from "./seccomp.ts";
export { defaultSeccompProfile } from "./seccomp-profile.ts";
export * from "./trust-layer.ts";
