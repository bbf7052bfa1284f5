// Which tenants have ledgers of their own, and who gives way where there are too many.
import type { Writing } from "../../core/storage.ts";
import type { Room } from "../ledger.ts";
import { keysOf, tenantCountKey, tenantKey } from "./keys.ts";
import { readNumber, readTenant, writeNumber, writeTenant } from "./records.ts";

export class Directory {
  /** Asked for, and in the directory, on the day of `#day`. */
  readonly #asked = new Set<string>();
  #day = 0;
  /** The day on which it was last looked for idle ones. */
  #searchedDay = -1;

  /** Whether nothing is to be written for a tenant today. */
  isAdmitted(tenant: string, { nowMs }: Room): boolean {
    const day = dayOf(nowMs);
    if (this.#day < day) this.#asked.clear();
    this.#day = Math.max(this.#day, day);
    return this.#asked.has(tenant);
  }

  /** Answers those that are in the directory afterwards. */
  admit(writing: Writing, tenants: readonly string[], room: Room): ReadonlySet<string> {
    const day = dayOf(room.nowMs);
    const admitted = new Set<string>();
    let dynamic = readNumber(writing.get(tenantCountKey));
    for (const tenant of new Set(tenants)) {
      const known = writing.get(tenantKey(tenant));
      if (known !== undefined) this.#renew(writing, known, day);
      else {
        const always = room.always.has(tenant);
        if (!always && room.tenantsMax <= dynamic) dynamic -= this.#freePlaces(writing, room);
        if (!always && room.tenantsMax <= dynamic) continue;
        writing.put(tenantKey(tenant), writeTenant({ tenant, dynamic: !always, day }));
        if (!always) dynamic += 1;
      }
      admitted.add(tenant);
    }
    writing.put(tenantCountKey, writeNumber(dynamic));
    if (askedMax < this.#asked.size + admitted.size) this.#asked.clear();
    for (const tenant of admitted) this.#asked.add(tenant);
    return admitted;
  }

  #renew(writing: Writing, known: Uint8Array, day: number): void {
    const entry = readTenant(known);
    if (entry.day < day) writing.put(tenantKey(entry.tenant), writeTenant({ ...entry, day }));
  }

  /** Once a day: as long as there are too many tenants, every stranger asks for it. */
  #freePlaces(writing: Writing, { nowMs, idleMs }: Room): number {
    const day = dayOf(nowMs);
    if (this.#searchedDay === day || !Number.isFinite(idleMs)) return 0;
    this.#searchedDay = day;
    const idleDay = day - Math.ceil(idleMs / dayMs) - 1;
    const { to } = keysOf("t");
    let freed = 0;
    for (let { from } = keysOf("t"); ; ) {
      const page = writing.range({ from, to, limit: pageMax });
      for (const { key, value } of page) {
        const { dynamic, day: asked } = readTenant(value);
        if (!dynamic || idleDay < asked) continue;
        writing.remove(key);
        freed += 1;
      }
      if (page.length < pageMax) return freed;
      from = `${page.at(-1)?.key}!`;
    }
  }
}

const dayMs = 86_400_000;
const askedMax = 100_000;
const pageMax = 1024;

function dayOf(ms: number): number {
  return Math.max(0, Math.floor(ms / dayMs));
}
