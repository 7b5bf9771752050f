/** Playgrounds as links and recipe files. Nothing here runs anything: a link is read, shown, and played only when a person agrees. */
export { commonLength, isLink, type ReadLink, readLink, readRecipe, writeLink } from "./codec.ts";
export { imageRecipe } from "./image.ts";
export { imageOf, imagesOf, linesOf } from "./lines.ts";
export { type Recipe, recipeSchema } from "./recipe.ts";
