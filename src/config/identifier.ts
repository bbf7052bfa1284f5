/** `otlp_http/tempo`: a type, and a name where there are several of that type. */
export interface Identifier {
  readonly type: string;
  readonly name: string;
  /** Both again as one, without the spaces that may stand around them. */
  readonly id: string;
}

// The Collector's rules (component/identifiable.go): letters, digits and _ for types; names without spaces,
// control characters and symbols, at most 1024 characters.
const typeForm = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
const nameForm = /^[^\p{Z}\p{C}\p{S}]{1,1024}$/u;

/** Reads an id, or says what is wrong with it. */
export function parseIdentifier(given: string): Identifier | string {
  const slash = given.indexOf("/");
  const type = (slash < 0 ? given : given.slice(0, slash)).trim();
  const name = slash < 0 ? "" : given.slice(slash + 1).trim();
  if (type === "") return "has no type; write type or type/name";
  if (!typeForm.test(type)) return "has a type that is no word of letters, digits and _; write type or type/name";
  if (slash >= 0 && name === "") return "has nothing after the /; write type or type/name";
  if (slash >= 0 && !nameForm.test(name))
    return "has a name with spaces or symbols, or of more than 1024 characters; write type/name";
  return { type, name, id: slash < 0 ? type : `${type}/${name}` };
}
