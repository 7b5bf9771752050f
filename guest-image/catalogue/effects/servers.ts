/** Servers: accounts and directories of their packages. */

import type { Effects } from "../recipe.ts";

export const serverEffects: Readonly<Record<string, Effects>> = {};
