/** Imported for its effect, before libv86 is: import order is evaluation order. */
import { lendClock } from "./clock.ts";

lendClock();
