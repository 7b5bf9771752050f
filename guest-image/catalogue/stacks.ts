/** All stacks of layers that the lock file covers. */

import { userlandLayer } from "../rootfs/recipe.ts";
import type { LayerStack } from "./lock.ts";
import { aptLayer, npmLayer, wheelLayer } from "./packages/wishes.ts";
import type { ImageRecipe } from "./recipe.ts";
import { debianLayer } from "./recipes/debian.ts";
import { debianRecipes, prebuiltRecipes } from "./recipes/index.ts";
import { python } from "./recipes/python.ts";

/** The layers of an image, each with those below it. */
export const stacksOf = ({ layers }: ImageRecipe): readonly LayerStack[] =>
  layers.map((_, i) => layers.slice(0, i + 1));

export const lockedStacks: readonly LayerStack[] = [
  ...[...prebuiltRecipes, ...debianRecipes].flatMap(stacksOf),
  [userlandLayer],
  [...python.layers, wheelLayer],
  [debianLayer, npmLayer],
  [debianLayer, aptLayer],
];
