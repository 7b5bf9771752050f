/** What `npm run lesson -- new` and the editor begin with: a small lesson that passes its own rehearsal. */
export function lessonTemplate(id: string): Readonly<Record<string, string>> {
  return {
    "lesson.yaml": `title: ${id.replaceAll("-", " ")}
track: mine
minutes: 5
summary: One sentence on what the reader will be able to do.
steps:
  - id: first
    title: The first step
    text: 01.md
    start:
      images: [busybox]
      files:
        greeting.txt: |
          Hello from my lesson.
    tasks:
      - id: running
        # A goal, not a line to type. Any correct way counts.
        goal: A container named \`mine\` runs.
        check: { kind: container, name: mine, state: running }
    hints:
      # A hint is shown while its check holds. "test" brings that state about when the lesson is rehearsed.
      - when: { kind: container, name: mine, state: exited }
        text: \`mine\` has ended, because its program did. Remove it, and give it one that stays.
        test: [docker run -d --name mine busybox true]
    solution:
      - docker rm -f mine
      - run: docker run -d --name mine busybox sleep 1000000
        why: A container lives as long as its first process.
`
      .replace("text: `mine`", 'text: "`mine`')
      .replace("one that stays.", 'one that stays."'),
    "01.md": `Begin with a problem that a person has. Then show the smallest thing that solves it:

\`\`\`sh
docker run -d --name mine busybox sleep 1000000
\`\`\`

## What really happened

End with one fact that can be looked at.
`,
  };
}
