import { describe, expect, it } from "vitest";
import { LastingGuest, lasting, type MachineLife } from "../checkpoints/lasting-guest.ts";
import { Life, Rewound } from "../checkpoints/life.ts";
import { FakeGuest, FakeProcess } from "../engine/testing/fake-guest.ts";
import { Terminals } from "./terminals.ts";

const size = { rows: 24, columns: 80 };
const decoder = new TextDecoder();
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A machine with lives, and what its terminals show. */
class Machine {
  readonly guest = new FakeGuest();
  life = new Life();
  readonly terminals = new Terminals(
    new LastingGuest(() => ({ life: this.life, client: this.guest }) as unknown as MachineLife),
  );

  async open(options: object = {}) {
    const terminal = await this.terminals.open({ ...size, ...options });
    const screen = { terminal, text: "", ended: false };
    const reader = terminal.readable.getReader();
    void (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        screen.text += decoder.decode(value);
      }
      screen.ended = true;
    })();
    return { ...screen, screen, shell: this.guest.processes.at(-1) as FakeProcess };
  }

  async goBack(then: ReturnType<Terminals["exportState"]>, processes: readonly FakeProcess[] = []): Promise<void> {
    await this.life.end(new Rewound("before"));
    const life = new Life();
    this.life = life;
    const find = (pid: number) => {
      const found = processes.find((process) => process.pid === pid);
      return found && lasting(found, life);
    };
    await this.terminals.rewound("be\u001bfore", then, find);
    await settled();
  }
}

describe("the page's terminals of a machine that is put back", () => {
  it("go on with the shell of then, which is asked to draw its line again", async () => {
    const machine = new Machine();
    const { screen, terminal, shell } = await machine.open();
    const then = machine.terminals.exportState();
    shell.write("$ ");
    await settled();
    const old = new FakeProcess(shell.pid, shell.spec, "");
    await machine.goBack(then, [old]);
    expect(screen.text).toContain('The machine was put back to "be fore".');
    expect(old.sizes).toEqual([
      { rows: 24, columns: 79 },
      { rows: 24, columns: 80 },
    ]);
    old.write("again");
    await terminal.writable.getWriter().write(new TextEncoder().encode("ls\n"));
    await settled();
    expect(screen.text).toMatch(/again$/);
    expect(old.input).toBe("ls\n");
    old.end(4);
    expect(await terminal.exit).toBe(4);
    await settled();
    expect(screen.ended).toBe(true);
  });

  it("get a new shell where they were opened later, or end where they ran a program", async () => {
    const machine = new Machine();
    const later = await machine.open();
    const program = await machine.open({ command: ["top"] });
    await machine.goBack([]);
    const fresh = machine.guest.processes.at(-1);
    fresh?.write("$ ");
    await settled();
    expect(later.screen.text).toMatch(/put back[\s\S]*\$ $/);
    expect(later.screen.ended).toBe(false);
    expect(program.screen.ended).toBe(true);
    expect(await program.terminal.exit).toBe(1);
  });

  it("that were closed since are hung up", async () => {
    const machine = new Machine();
    const { terminal, shell } = await machine.open();
    const then = machine.terminals.exportState();
    terminal.close();
    await machine.goBack(then, [shell]);
    expect(machine.guest.opsOf("kill").map(({ pid, signal }) => [pid, signal])).toEqual([
      [-shell.pid, 1],
      [-shell.pid, 1],
    ]);
    expect(machine.terminals.exportState()).toEqual([]);
  });
});
