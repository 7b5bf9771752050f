/** The bridge between page and Worker: types and stream framing. It imports nothing outside this folder. */
export * from "./checkpoint.ts";
export * from "./hood.ts";
export * from "./lesson.ts";
export * from "./outcome.ts";
export * from "./playgrounds.ts";
export * from "./port-stream.ts";
export * from "./service.ts";
