/** Names: what is valid, and the ones that Docker makes up. */
import { EngineError } from "../errors.ts";
import type { Randomness } from "../ports/host.ts";

const adjectives = (
  "amber able agile ardent bold brave breezy bright brisk calm candid cheerful clever cosmic crisp curious daring dazzling " +
  "deft eager earnest elated eloquent epic fearless festive focused frosty gentle gifted gleaming graceful happy hearty " +
  "hopeful humble inspiring intrepid jolly jovial keen kind lively lucid lucky mellow merry modest musing nimble noble " +
  "optimistic patient peaceful pensive playful plucky polite proud quick quirky radiant relaxed romantic serene sharp shining " +
  "silent sleepy snug steady stoic sunny sweet swift tender thirsty tidy trusting upbeat vibrant vigilant vivid warm " +
  "wise witty wonderful youthful zealous zen"
).split(" ");
const surnames = (
  "abel agnesi archimedes avogadro babbage bassi bell blackwell bohr boole bose brahe cannon carson cerf chandrasekhar clarke " +
  "copernicus cori curie darwin davinci dijkstra einstein elion engelbart euclid euler faraday fermat fermi feynman franklin " +
  "galilei galois gauss germain goldberg goodall gould hamilton hawking heisenberg hermann hertz hodgkin hopper hypatia jemison " +
  "johnson joliot kalam kare kepler khayyam khorana knuth kovalevskaya lamarr lamport leakey leavitt liskov lovelace maxwell " +
  "mccarthy mclean meitner mendel mendeleev mirzakhani moore morse napier newton nightingale nobel noether pascal pasteur payne " +
  "perlman pike planck poincare ptolemy raman ramanujan ride ritchie roentgen rosalind rubin sagan shannon shaw sinoussi " +
  "swirles tesla thompson torvalds turing varahamihira villani volhard wescoff wiles wilson wozniak wright yalow yonath"
).split(" ");

export function generateName(randomness: Randomness, attempt: number): string {
  const bytes = randomness.bytes(5);
  const pick = (list: readonly string[], at: number): string =>
    list[((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)) % list.length] ?? "";
  return `${pick(adjectives, 0)}_${pick(surnames, 2)}${attempt === 0 ? "" : (bytes[4] ?? 0) % 10}`;
}

const pattern = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** The name without its slash. */
export function checkName(name: string, context = ""): string {
  if (!pattern.test(name))
    throw new EngineError(
      "invalidParameter",
      `${context}Invalid container name (${context === "" ? name : `/${name}`}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  return name.replace(/^\//, "");
}

export function nameConflict(name: string, holder: string, context = ""): EngineError {
  return new EngineError(
    "conflict",
    `${context}Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
    { resource: holder },
  );
}
