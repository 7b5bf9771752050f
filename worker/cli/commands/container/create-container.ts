/** Creating a container, with a pull where the image is missing: docker/cli's createContainer. */
import { resolvePath, writeFile } from "../../config/config-file.ts";
import { parsePlatform } from "../../image/platform.ts";
import { pullImage } from "../../image/pull.ts";
import { familiar, normalizedReference, type Reference, withDefaultTag } from "../../image/reference.ts";
import { windowSize } from "../../io/attached.ts";
import { withApiSocket } from "../../run/api-socket.ts";
import type { ContainerOptions } from "../../run/options.ts";
import type { Context } from "../../session/context.ts";
import { ApiError, CliError, messageOf } from "../../session/errors.ts";

/** The hint that run and create put below their errors. */
export const withHint = (message: string, command: string): string =>
  `docker: ${message}\n\nRun 'docker ${command} --help' for more information`;

/** Since API 1.44 a hardware address is the endpoint's; the container-wide field would be warned of. */
function forVersion({ MacAddress, ...config }: ContainerOptions["config"], version: string): object {
  const [, minor = "0"] = version.split(".");
  return Number(minor) < 44 && MacAddress !== undefined ? { ...config, MacAddress } : config;
}

export function checkPull(pull: string): void {
  if (!["", "always", "missing", "never"].includes(pull))
    throw new CliError(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
}

export async function createContainer(context: Context, given: ContainerOptions): Promise<string> {
  const { client, flags, invocation, err } = context;
  const cidFile = given.host.ContainerIDFile;
  if (cidFile !== "" && (await invocation.files.stat(resolvePath(invocation.cwd, cidFile))) !== undefined)
    throw new CliError(`container ID file found, make sure the other container isn't running or delete ${cidFile}`);
  const image = imageReference(given.config.Image);
  const socket = flags.bool("use-api-socket") ? await withApiSocket(context, given) : undefined;
  const { config, host, network } = socket?.options ?? given;
  const pull = flags.string("pull") || "missing";
  const platform = flags.changed("platform")
    ? flags.string("platform")
    : (invocation.env.DOCKER_DEFAULT_PLATFORM ?? "");
  if (platform !== "") checkPlatform(platform);
  const out = flags.bool("quiet") ? undefined : err;
  if (pull === "always") await pullImage(context, config.Image, { platform, out });
  const [height, width] = await windowSize(context);
  if (cidFile !== "") await writeCidFile(context, cidFile, "");
  const create = () =>
    client.post<{ readonly Id: string; readonly Warnings: readonly string[] | null }>(
      "/containers/create",
      {
        ...forVersion(config, client.version),
        HostConfig: { ...host, ConsoleSize: [height, width] },
        NetworkingConfig: network,
      },
      { name: flags.string("name"), platform },
    );
  const created = await create()
    .catch(async (error) => {
      if (!(error instanceof ApiError) || error.status !== 404 || image === undefined || pull !== "missing")
        throw error;
      if (!flags.bool("quiet")) err.line(`Unable to find image '${familiar(image)}' locally`);
      await pullImage(context, config.Image, { platform, out });
      return create();
    })
    .catch(async (error) => {
      if (cidFile !== "") await invocation.files.remove(resolvePath(invocation.cwd, cidFile));
      throw error;
    });
  const loopback = host.Dns.find((address) => /^127\.|^::1$/.test(address));
  const warnings = [
    ...(created.Warnings ?? []),
    ...(loopback === undefined ? [] : [`Localhost DNS (${loopback}) may fail in containers.`]),
  ];
  for (const warning of warnings) err.line(`WARNING: ${warning}`);
  if (cidFile !== "") await writeCidFile(context, cidFile, created.Id);
  await socket?.inject(created.Id);
  return created.Id;
}

function checkPlatform(platform: string): void {
  try {
    parsePlatform(platform);
  } catch (error) {
    throw new CliError(`error parsing specified platform: ${messageOf(error)}`);
  }
}

async function writeCidFile({ invocation }: Context, path: string, id: string): Promise<void> {
  const full = resolvePath(invocation.cwd, path);
  await writeFile(invocation, full, id, 0o666).catch((error) => {
    throw new CliError(`failed to create the container ID file: ${messageOf(error).replace(full, path)}`);
  });
}

/** A bare id is no name that could be pulled. */
function imageReference(image: string): Reference | undefined {
  if (/^[a-f0-9]{64}$/.test(image) || /^sha256:[a-f0-9]{64}$/.test(image)) return undefined;
  return withDefaultTag(normalizedReference(image));
}
