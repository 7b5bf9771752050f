import type { Context } from "../session/context.ts";
export async function complete(_context: Context): Promise<number> {
  return 0;
}
