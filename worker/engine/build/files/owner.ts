/** `--chown` and USER: names looked up in the image's own /etc/passwd and /etc/group. */
import { type RootView, readText } from "./root-view.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export async function findOwner(text: string, view: RootView): Promise<Owner> {
  const [user = "", group] = text.split(":", 2);
  const uid = await idOf(user, "/etc/passwd", view);
  // A user alone brings the group of the same number, as BuildKit has it for --chown.
  if (group === undefined || group === "") return { uid: uid.id, gid: uid.group ?? uid.id };
  return { uid: uid.id, gid: (await idOf(group, "/etc/group", view)).id };
}

async function idOf(
  name: string,
  file: string,
  view: RootView,
): Promise<{ readonly id: number; readonly group: number | undefined }> {
  if (/^\d+$/.test(name)) return { id: Number(name), group: undefined };
  const lines = (await readText(view.find(file))).split("\n").map((line) => line.split(":"));
  const fields = lines.find(([first]) => first === name);
  const id = Number(fields?.[2]);
  if (fields === undefined || !Number.isInteger(id))
    // BuildKit takes root for a name that nobody has (solver/llbsolver/file, user_linux.go).
    return { id: 0, group: 0 };
  return { id, group: file === "/etc/passwd" ? Number(fields[3]) : undefined };
}
