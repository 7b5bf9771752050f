/** Every image of the catalogue. Those that lie prebuilt in the repository come first. */

import type { ImageRecipe } from "../recipe.ts";
import { busybox } from "./busybox.ts";
import { debian } from "./debian.ts";
import { helloWorld } from "./hello-world.ts";
import { httpd } from "./httpd.ts";
import { gcc, golang, node } from "./languages.ts";
import { nginx } from "./nginx.ts";
import { postgres } from "./postgres.ts";
import { python } from "./python.ts";
import { redis } from "./redis.ts";
import { registry } from "./registry.ts";

/** Committed in guest-image/prebuilt/images: they are there where no Debian mirror answers. */
export const prebuiltRecipes: readonly ImageRecipe[] = [helloWorld, busybox];

/** In the order in which they are built: what a newcomer runs first comes first. */
export const debianRecipes: readonly ImageRecipe[] = [
  debian,
  nginx,
  python,
  redis,
  httpd,
  postgres,
  registry,
  gcc,
  node,
  golang,
];
