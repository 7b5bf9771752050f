/** Every image of the catalogue. Those that lie prebuilt in the repository come first. */

import type { ImageRecipe } from "../recipe.ts";
import { busybox } from "./busybox.ts";
import { debian } from "./debian.ts";
import { helloWorld } from "./hello-world.ts";
import { nginx } from "./nginx.ts";
import { python } from "./python.ts";
import { redis } from "./redis.ts";

/** Committed in guest-image/prebuilt/images: they are there where no Debian mirror answers. */
export const prebuiltRecipes: readonly ImageRecipe[] = [helloWorld, busybox];

export const debianRecipes: readonly ImageRecipe[] = [debian, nginx, python, redis];
