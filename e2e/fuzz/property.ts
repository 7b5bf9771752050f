/**
 * Something that holds for any input, on one engine. Failures do not end a hunt: each is made small and told once, with the seed and path
 * that lead to it again, and the rest of the inputs is tried all the same.
 */
import * as fc from "fast-check";
import type { Playground } from "./playground.ts";
import { Finding } from "./words.ts";

export interface Property<T = unknown, Subject = Playground> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<T>;
  /** Throws a {@link Finding} where it does not hold. */
  holds(input: T, subject: Subject): Promise<void> | void;
  /** The input for a reader. */
  show?(input: T): string;
  /** Milliseconds after which an input hangs; a slow machine under a busy host is no hang. */
  readonly bound?: number;
}

/** Keeps the type of the inputs inside. */
export const property = <T, Subject = Playground>(it: Property<T, Subject>): Property<unknown, Subject> =>
  it as unknown as Property<unknown, Subject>;

/** Looks at an input while it is tried: at its time, and at what it does behind its answer. */
export type Watch = (holds: () => Promise<void> | void, bound: number) => Promise<void>;

export interface Hunt {
  readonly runs: number;
  readonly seed: number;
  /** Of a finding: leads to this one input. */
  readonly path?: string | undefined;
}

export interface Found {
  readonly message: string;
  readonly input: string;
  readonly seed: number;
  readonly path: string;
}

const defaultBound = 30_000;
/** Making an input small must end, too. */
const maxShrinks = 200;

/** All that is found of different kinds, as it is found. */
export async function* hunt<Subject>(
  it: Property<unknown, Subject>,
  subject: Subject,
  watch: Watch,
  { runs, seed, path }: Hunt,
): AsyncGenerator<Found, void> {
  const known = new Set<string>();
  for (let left = runs, round = seed; left > 0; round++) {
    let shrinks = 0;
    const tried = fc.asyncProperty(it.inputs, async (input) => {
      if (shrinks > maxShrinks) return;
      try {
        await watch(() => it.holds(input, subject), it.bound ?? defaultBound);
      } catch (error) {
        const finding =
          error instanceof Finding ? error : new Finding(`threw ${String((error as Error)?.stack ?? error)}`);
        if (known.has(finding.kind)) return;
        shrinks++;
        // One look at what hangs is enough.
        if (finding instanceof Hang) known.add(finding.kind);
        throw finding;
      }
    });
    const parameters = { numRuns: left, seed: round, ...(path === undefined ? {} : { path }) };
    const result = await fc.check(tried, parameters);
    if (!result.failed) break;
    const finding = result.errorInstance as Finding;
    known.add(finding.kind);
    yield {
      message: finding.message,
      input: (it.show ?? fc.stringify)(result.counterexample?.[0]),
      seed: round,
      path: result.counterexamplePath ?? "",
    };
    if (path !== undefined) break;
    left -= result.numRuns;
  }
}

/** An input that did not come to an end. */
export class Hang extends Finding {}
