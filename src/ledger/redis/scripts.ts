// The operations of the ledger as Redis runs them: one Lua file each, behind
// what they share. A script is sent by its hash; a server that has
// forgotten it (restart, SCRIPT FLUSH, failover) gets its text once more. Every script may run twice.
import { hash } from "node:crypto";
import admitText from "./admit.lua";
import cancelText from "./cancel.lua";
import chargeText from "./charge.lua";
import claimText from "./claim.lua";
import headText from "./head.lua";
import holdText from "./hold.lua";
import readText from "./read.lua";
import rowsText from "./rows.lua";

export type Argument = string | number | Buffer;
/** Redis answers integers as numbers, everything else as bytes. */
export type Reply = number | Buffer | null | readonly Reply[];

/** What is used of a connection; `Redis` and `Cluster` of ioredis both are one. */
export interface Connection {
  callBuffer(command: string, args: Argument[]): Promise<unknown>;
}

export type ScriptName = keyof typeof texts;

export async function runScript(
  connection: Connection,
  name: ScriptName,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<Reply> {
  const rest = [keys.length, ...keys, ...args];
  try {
    return (await connection.callBuffer("EVALSHA", [hashes[name], ...rest])) as Reply;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return (await connection.callBuffer("EVAL", [texts[name], ...rest])) as Reply;
  }
}

const texts = {
  claim: headText + claimText,
  cancel: headText + rowsText + cancelText,
  charge: headText + rowsText + chargeText,
  hold: headText + holdText,
  read: headText + readText,
  admit: admitText,
};

const hashes: Readonly<Record<ScriptName, string>> = {
  claim: hash("sha1", texts.claim, "hex"),
  cancel: hash("sha1", texts.cancel, "hex"),
  charge: hash("sha1", texts.charge, "hex"),
  hold: hash("sha1", texts.hold, "hex"),
  read: hash("sha1", texts.read, "hex"),
  admit: hash("sha1", texts.admit, "hex"),
};
