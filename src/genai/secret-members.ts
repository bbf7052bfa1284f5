// Members of a JSON or Python literal taken out of its text, without reading the rest: `'headers': {…}`, `"api_key": "…"`.

/** The text without the members that `names` matches, or the text itself where there is none. `names` is global. */
export function withoutMembers(text: string, names: RegExp): string {
  let kept = "";
  let from = 0;
  names.lastIndex = 0;
  for (let match = names.exec(text); match; match = names.exec(text)) {
    const end = valueEnd(text, names.lastIndex);
    kept += text.slice(from, match.index);
    // The comma behind the member goes with it, or else the one before it.
    const comma = /^\s*,\s*/.exec(text.slice(end, end + 16));
    if (!comma) kept = kept.replace(/,\s*$/, "");
    from = end + (comma?.[0].length ?? 0);
    names.lastIndex = from;
  }
  return from === 0 ? text : kept + text.slice(from);
}

/** Where the value that begins at `start` ends: before the comma or the bracket that follows it. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"' || char === "'") at = quoteEnd(text, at, char);
    else if ("{[(".includes(char)) depth++;
    else if ("}])".includes(char) && --depth < 0) return at;
    else if (char === "," && depth === 0) return at;
  }
  return text.length;
}

function quoteEnd(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) === "\\") at++;
    else if (text.charAt(at) === quote) return at;
  }
  return text.length;
}
