import type { Section } from "../step.ts";
import { build } from "./build.ts";
import { images } from "./images.ts";
import { isItThere } from "./is-it-there.ts";
import { lookAfter } from "./look-after.ts";
import { networks } from "./networks.ts";
import { run } from "./run.ts";
import { volumes } from "./volumes.ts";

/** Sections 1 to 7 of the walkthrough: all of one host. */
export const sections: readonly Section[] = [isItThere, run, lookAfter, images, build, volumes, networks];
