/** `docker node promote`, `demote` and `update`. */
import { toMap } from "../../run/key-values.ts";
import type { Handler } from "../../session/context.ts";
import { change } from "./objects.ts";

const roles =
  (role: "manager" | "worker", done: (name: string) => string): Handler =>
  async (context) => {
    for (const name of context.args) {
      await change(context, "node", name, (spec) => ({ ...spec, Role: role }));
      context.out.line(done(name));
    }
    return 0;
  };
export const promote = roles("manager", (name) => `Node ${name} promoted to a manager in the swarm.`);
export const demote = roles("worker", (name) => `Manager ${name} demoted in the swarm.`);

export const nodeUpdate: Handler = async (context) => {
  const { flags, args, out } = context;
  const [name = ""] = args;
  await change(context, "node", name, (spec) => ({
    ...spec,
    ...(flags.changed("availability") && { Availability: flags.string("availability") }),
    ...(flags.changed("role") && { Role: flags.string("role") }),
    Labels: { ...spec.Labels, ...toMap(flags.list("label-add")) },
  }));
  out.line(name);
  return 0;
};
