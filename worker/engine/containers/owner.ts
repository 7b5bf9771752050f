/** The user and group that a container's USER names, looked up in its own files. */
import { EngineError } from "../errors.ts";
import type { BatchContext, Guest } from "../ports/guest.ts";

export async function findOwner(
  guest: Guest,
  context: BatchContext,
  user: string,
): Promise<{ uid: number; gid: number }> {
  if (user === "") return { uid: 0, gid: 0 };
  const files = await guest.batch(
    [
      { op: "read", path: "/etc/passwd", ignore: ["*"] },
      { op: "read", path: "/etc/group", ignore: ["*"] },
    ],
    context,
  );
  const [passwd = [], group = []] = files.map((file) =>
    (file instanceof Uint8Array ? new TextDecoder().decode(file) : "").split("\n").map((line) => line.split(":")),
  );
  const [name = "", groupName] = user.split(":");
  const known = passwd.find((f) => f[0] === name || f[2] === name);
  if (known === undefined && !/^\d+$/.test(name))
    throw new EngineError("system", `unable to find user ${name}: no matching entries in passwd file`);
  const uid = Number(known?.[2] ?? name);
  if (groupName === undefined) return { uid, gid: Number(known?.[3] ?? 0) };
  const found = group.find((f) => f[0] === groupName || f[2] === groupName);
  if (found === undefined && !/^\d+$/.test(groupName))
    throw new EngineError("system", `unable to find group ${groupName}: no matching entries in group file`);
  return { uid, gid: Number(found?.[2] ?? groupName) };
}
