/**
 * Names that tell nothing: each command becomes proc-N and each part of a cgroup's path group-N, the
 * same name the same number, in the order of first appearance. What every system has keeps its name.
 * Uids become numbers from 1000 on; root stays root.
 */
import type { HostSnapshot } from './snapshot.js';

const COMMON_PARTS =
  /^(?:(?:system|user|machine|kubepods|init|app|session|background|-)\.slice|init\.scope|kubepods(?:-burstable|-besteffort)?(?:\.slice)?|burstable|besteffort|docker|podman|system|user|lxc)$/;
const COMMON_COMMANDS = /^(?:systemd|init|kubelet|containerd|dockerd|sshd|dbus-daemon|pause)$/;

/** The same snapshot under other names. */
export function anonymised({ machine, cgroups, processes }: HostSnapshot): HostSnapshot {
  const parts = new Numbered('group-');
  const commands = new Numbered('proc-');
  const uids = new Numbered('');
  const path = (text: string): string =>
    text
      .split('/')
      .map((part) => (part === '' || COMMON_PARTS.test(part) ? part : parts.name(part)))
      .join('/');
  return {
    // A release may carry the name of who built it.
    machine: { ...machine, kernel: /^[\d.]*\d/.exec(machine.kernel)?.[0] ?? '' },
    cgroups: cgroups.map((cgroup) => ({ ...cgroup, path: path(cgroup.path) })),
    processes: processes.map((process) => ({
      ...process,
      comm: COMMON_COMMANDS.test(process.comm) ? process.comm : commands.name(process.comm),
      cgroup: path(process.cgroup),
      uid: process.uid === 0 ? 0 : 999 + Number(uids.name(String(process.uid))),
    })),
  };
}

/** Numbers for names, in the order in which they come. */
class Numbered {
  readonly #known = new Map<string, string>();

  constructor(private readonly prefix: string) {}

  name(original: string): string {
    const known = this.#known.get(original) ?? `${this.prefix}${this.#known.size + 1}`;
    this.#known.set(original, known);
    return known;
  }
}
