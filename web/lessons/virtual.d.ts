/** What the site's build makes of the lessons' folders. */
declare module "virtual:drydock-lessons" {
  interface ShelfLesson {
    readonly name: string;
    readonly title: string;
    readonly summary: string;
    readonly minutes: number;
    readonly steps: number;
    readonly level?: "easy" | "medium" | "hard";
  }
  export const tracks: readonly {
    readonly id: string;
    readonly title: string;
    readonly summary: string;
    readonly lessons: readonly ShelfLesson[];
  }[];
  export const loaders: Readonly<
    Record<string, () => Promise<{ readonly default: import("../../lessons/format/lesson.ts").Lesson }>>
  >;
}
declare module "virtual:drydock-glossary" {
  const glossary: Readonly<Record<string, string>>;
  export default glossary;
}
