// HTTP/2 in frames of our own making, for what no library would send (https://www.rfc-editor.org/rfc/rfc9113).
import { connect, type Socket } from "node:net";

const types = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flags = { none: 0, endStream: 0x1, endHeaders: 0x4 } as const;

/** A frame with its head of nine bytes: section 4.1. */
export function frame(type: keyof typeof types, flag: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(types[type], 3);
  head.writeUInt8(flag, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const settingIds = { initialWindowSize: 0x4 } as const;

/** What a client begins with: section 3.4. */
export function preface(settings: Partial<Record<keyof typeof settingIds, number>> = {}): Buffer {
  const pairs = Object.entries(settings).map(([name, value]) => {
    const pair = Buffer.alloc(6);
    pair.writeUInt16BE(settingIds[name as keyof typeof settingIds], 0);
    pair.writeUInt32BE(value, 2);
    return pair;
  });
  return Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame("settings", flags.none, 0, Buffer.concat(pairs)),
  ]);
}

/** Header fields as literals that no table remembers, shorter than 127 bytes each: RFC 7541, section 6.2.2. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => [
    Buffer.from([0x00, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
  return Buffer.concat(parts);
}

export const rstStream = (stream: number): Buffer => frame("rstStream", flags.none, stream, uint32(0x8));
export const windowUpdate = (stream: number, by: number): Buffer =>
  frame("windowUpdate", flags.none, stream, uint32(by));

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A connection that says what became of it. */
export class RawConnection {
  readonly socket: Socket;
  isOpen = true;
  /** The other side has ended it. */
  wasCut = false;
  received = 0;

  /** Without `reads`, what the server says is left in the kernel. */
  constructor({ hostname, port }: { readonly hostname: string; readonly port: string | number }, reads = true) {
    this.socket = connect(Number(port), hostname);
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      this.wasCut = this.isOpen;
      this.isOpen = false;
    });
    if (!reads) return;
    this.socket.on("data", (chunk) => {
      this.received += chunk.length;
    });
  }

  /** Writes as long as the other side reads; resolves when there is room for more, or when the connection is over. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (!this.isOpen || this.socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off("drain", done);
        this.socket.off("close", done);
        resolve();
      };
      this.socket.once("drain", done);
      this.socket.once("close", done);
    });
  }

  end(): void {
    this.isOpen = false;
    this.socket.destroy();
  }
}
