/** Lines whose answer is a fact of the engine or of what it runs on, with the reason: they are run, and not compared with a recording. */
export const facts: Readonly<Record<string, string>> = {};
