/** What the client says about itself. */
export const clientVersion = {
  Version: "28.2.2",
  GoVersion: "go1.24.3",
  GitCommit: "e6534b4",
  BuildTime: "Fri May 30 12:07:14 2025",
  Os: "linux",
  Arch: "386",
} as const;
