/** What Debian's maintainer scripts would do, as data, by package. */

import type { Effects } from "../recipe.ts";

const byPackage: Readonly<Record<string, Effects>> = {};

export const effectsOf = (name: string): Effects => byPackage[name] ?? {};
