/** Must be evaluated before libv86: import order is evaluation order. */
import { lendClock } from "./clock.ts";

export const lentClock = lendClock();
