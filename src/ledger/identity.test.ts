import { describe, expect, test } from "vitest";
import { callFingerprint, ledgerKey, nameFingerprint, spanFingerprint } from "./identity.ts";

describe("identity", () => {
  // MurmurHash3 x86 128 with seeds 1 and 2; checked against mmh3 of PyPI. They stand in ledgers: never change them.
  test("fingerprints are frozen", () => {
    expect(spanFingerprint("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331").toString(16)).toBe(
      "e2c8a5cc46f72312",
    );
    expect(callFingerprint("chatcmpl-1").toString(16)).toBe("8d73bc9449c73270");
    expect(callFingerprint("x".repeat(5000)).toString(16)).toBe("e7183a25ccc4afba");
    expect(callFingerprint("Ω😀").toString(16)).toBe("7bbdf84179a4c0");
  });

  test("a span id in another trace is another span", () => {
    expect(spanFingerprint("a", "bc")).not.toBe(spanFingerprint("ab", "c"));
  });

  test("names have fingerprints that are frozen, and never 0", () => {
    expect(nameFingerprint("gpt-4o").toString(16)).toBe("d106013a");
  });

  test.each([
    { tenant: "acme", key: "acme" },
    { tenant: "a}{b:c", key: "a%7D%7Bb%3Ac" },
    { tenant: "@unknown", key: "%40unknown" },
    { tenant: "😀", key: "%F0%9F%98%80" },
    { tenant: "a/b", key: "a%2Fb" },
    { tenant: "", key: "" },
  ])("tenant $tenant has the key $key", ({ tenant, key }) => {
    expect(ledgerKey(tenant)).toBe(key);
  });

  test("long tenants get short keys that no other tenant can spell", () => {
    const long = ledgerKey("x".repeat(5000));
    expect(long).toMatch(/^=[\w-]{22}$/);
    expect(ledgerKey("x".repeat(5001))).not.toBe(long);
    expect(ledgerKey(long)).not.toBe(long);
    expect(ledgerKey("😀".repeat(22))).toMatch(/^=/);
  });
});
