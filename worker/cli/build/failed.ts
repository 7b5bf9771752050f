import { CliError } from "../session/errors.ts";

/** What `docker build` ends with: buildx's prefix of everything that goes wrong once the flags are read. */
export const failed = (message: string): CliError => new CliError(`ERROR: failed to build: ${message}`);

const links = { attestations: "attestations", multi: "build-multi-platform", caches: "build-cache-backends" } as const;

/** The docker driver's refusals. */
export const unsupported = (feature: string, link: keyof typeof links): CliError =>
  failed(
    `${feature} is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.\nLearn more at https://docs.docker.com/go/${links[link]}/`,
  );
